/** The migrations of an act by name, and beside each what came of it. */
import type { MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiCheckLine, RiErrorWarningLine, RiLoader2Line } from '@remixicon/react';
import { Failure } from '../../parts/failure';
import { SourceText } from '../../parts/source-text';
import { StateTag } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import styles from './acts.module.css';
import type { Outcome } from './use-run-act';

export interface ActOutcomesProps {
  readonly migrations: readonly MigrationView[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export function ActOutcomes({ migrations, outcomes }: ActOutcomesProps) {
  const { t } = useWords();
  const all = [...outcomes.values()];
  const of = (state: Outcome['state']) =>
    String(all.filter(outcome => outcome.state === state).length);
  return (
    <>
      <p role="status" className={styles['sum']}>
        {all.length > 0 &&
          t('acts.sum', {
            done: of('done'),
            failed: of('failed'),
            total: String(migrations.length),
          })}
      </p>
      <ul className={styles['names']}>
        {migrations.map(migration => (
          <li key={migration.id}>
            <div className={styles['one']}>
              <span className={styles['vm']}>
                <SourceText>{migration.vm}</SourceText>
              </span>
              <span className={styles['id']}>{migration.id}</span>
              <Mark outcome={outcomes.get(migration.id)} migration={migration} />
            </div>
            <Why outcome={outcomes.get(migration.id)} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Mark({
  outcome,
  migration,
}: {
  readonly outcome: Outcome | undefined;
  readonly migration: MigrationView;
}) {
  const { t } = useWords();
  if (outcome === undefined) return <StateTag state={migration.state} />;
  return (
    <span className={styles['mark']} data-outcome={outcome.state}>
      {outcome.state === 'done' && <RiCheckLine aria-hidden />}
      {outcome.state === 'failed' && <RiErrorWarningLine aria-hidden />}
      {outcome.state === 'asked' && <RiLoader2Line aria-hidden />}
      {t(`acts.outcome.${outcome.state}`)}
    </span>
  );
}

function Why({ outcome }: { readonly outcome: Outcome | undefined }) {
  return outcome?.state === 'failed' ? <Failure error={outcome.error.data} /> : null;
}
