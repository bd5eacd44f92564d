/** How many migrations there are in each state, and a choice of those that are shown. */
import { ToggleButton } from '@backstage/ui';
import type {
  MigrationCountView,
  MigrationStateView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { StateMark } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import { STATES } from './list-state';
import styles from './migrations.module.css';

export interface StateFilterProps {
  readonly counts: MigrationCountView | undefined;
  /** None: all. */
  readonly chosen: readonly MigrationStateView[];
  readonly onChange: (states: readonly MigrationStateView[]) => void;
}

export function StateFilter({ counts, chosen, onChange }: StateFilterProps) {
  const { t, language } = useWords();
  const numbers = new Intl.NumberFormat(language);
  const number = (count: number | undefined) => (count === undefined ? '–' : numbers.format(count));
  const toggle = (state: MigrationStateView) =>
    onChange(STATES.filter(known => chosen.includes(known) !== (known === state)));
  return (
    <div className={styles['states']} role="group" aria-label={t('migrations.states')}>
      <ToggleButton
        className={styles['state'] ?? ''}
        isSelected={chosen.length === 0}
        onChange={() => onChange([])}
      >
        {t('migrations.all')} <b>{number(counts?.total)}</b>
      </ToggleButton>
      {STATES.map(state => (
        <ToggleButton
          key={state}
          className={styles['state'] ?? ''}
          isSelected={chosen.includes(state)}
          onChange={() => toggle(state)}
          iconStart={<StateMark state={state} />}
        >
          {t(`state.${state}`)} <b>{number(counts?.byState[state])}</b>
        </ToggleButton>
      ))}
    </div>
  );
}
