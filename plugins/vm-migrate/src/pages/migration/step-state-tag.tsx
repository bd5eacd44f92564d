/** A step's state, as a word. */
import type { StepView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useWords } from '../../parts/use-words';
import styles from './migration.module.css';

export function StepStateTag({ state }: { readonly state: StepView['state'] }) {
  const { t } = useWords();
  return (
    <span className={styles['stepState']} data-state={state}>
      {t(`timeline.state.${state}`)}
    </span>
  );
}
