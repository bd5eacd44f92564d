/** How far a verification is: it reads VolumeSnapshots that are migrated already, so no other bar moves. */
import type { StepView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { ProgressBar } from '../../parts/progress-bar';
import { useWords } from '../../parts/use-words';
import { isVerifying } from './elapsed';
import styles from './migration.module.css';

export function Verification({ steps }: { readonly steps: readonly StepView[] }) {
  const { t } = useWords();
  if (!isVerifying(steps)) return null;
  const round = latestRound(steps);
  const sum = (of: (step: StepView) => number): number =>
    round.reduce((total, step) => total + of(step), 0);
  const bytesPerSecond = sum(({ progress }) => progress?.bytesPerSecond ?? 0);
  const bytesDone = sum(({ progress }) => progress?.bytesDone ?? 0);
  const bytesTotal = sum(({ weightBytes }) => weightBytes);
  return (
    <div className={styles['verification']}>
      <span>
        {t('migration.verify.progress', {
          done: String(round.filter(({ state }) => state === 'done').length),
          total: String(round.length),
        })}
      </span>
      <ProgressBar
        label={t('migration.verify.progressOf')}
        progress={{
          bytesDone,
          bytesTotal,
          bytesPerSecond,
          etaMs:
            bytesPerSecond > 0
              ? Math.round(((bytesTotal - bytesDone) * 1_000) / bytesPerSecond)
              : null,
        }}
      />
    </div>
  );
}

/** Each verification adds steps of its own, `verify-ROUND:ID`; what an earlier one read is no part of this one. */
function latestRound(steps: readonly StepView[]): readonly StepView[] {
  const verifying = steps.filter(({ kind }) => kind === 'verifySnapshot');
  const open = new Set(verifying.filter(step => isVerifying([step])).map(roundOf));
  return verifying.filter(step => open.has(roundOf(step)));
}

function roundOf({ id }: StepView): string {
  return id.slice(0, Math.max(0, id.indexOf(':')));
}
