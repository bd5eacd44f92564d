/** Whether something works: a mark and a word. */
import { RiCheckLine, RiErrorWarningLine, RiZzzLine } from '@remixicon/react';
import { useWords } from '../../parts/use-words';
import styles from './operations.module.css';

const MARKS = {
  ok: <RiCheckLine aria-hidden />,
  silent: <RiZzzLine aria-hidden />,
  failed: <RiErrorWarningLine aria-hidden />,
} as const;

export type HealthState = keyof typeof MARKS;

export function Health({ state }: { readonly state: HealthState }) {
  const { t } = useWords();
  return (
    <span className={styles['health']} data-health={state}>
      {MARKS[state]}
      {t(`operations.health.${state}`)}
    </span>
  );
}
