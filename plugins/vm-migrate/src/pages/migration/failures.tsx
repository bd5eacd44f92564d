/** What failed: in which step, of which disk, why, and what to do about it here or at a terminal. */
import type {
  DescriptionView,
  ErrorView,
  StepView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { Link } from '@backstage/ui';
import { CommandLine } from '../../parts/command-line';
import { EngineText } from '../../parts/engine-text';
import { Failure } from '../../parts/failure';
import { SourceText } from '../../parts/source-text';
import { useWords } from '../../parts/use-words';
import { useSurface } from '../../surface/surface';
import styles from './migration.module.css';

/** The others are in the timeline. */
const SHOWN = 3;

export function Failures({
  description: { migration, steps },
}: {
  readonly description: DescriptionView;
}) {
  const { t } = useWords();
  const { links } = useSurface();
  const failed = steps.flatMap(step =>
    step.state === 'failed' && step.error !== null ? [{ step, error: step.error }] : [],
  );
  const labels = new Map(migration.disks.map(({ diskId, label }) => [diskId, label]));
  if (failed.length === 0) {
    // Tried again, and not done yet: what it was is known all the same.
    return migration.error === null ? null : <OneFailure error={migration.error} />;
  }
  return (
    <>
      {failed.slice(0, SHOWN).map(({ step, error }) => (
        <OneFailure
          key={step.id}
          error={error}
          step={step}
          disk={step.diskId === null ? undefined : (labels.get(step.diskId) ?? step.diskId)}
        />
      ))}
      {failed.length > SHOWN && (
        <Link href={links.migration(migration.id, 'timeline')}>
          {t('migration.failed.more', { count: failed.length - SHOWN })}
        </Link>
      )}
    </>
  );
}

function OneFailure({
  error,
  step,
  disk,
}: {
  readonly error: ErrorView;
  readonly step?: StepView;
  readonly disk?: string | undefined;
}) {
  const { t } = useWords();
  return (
    <Failure error={error}>
      {step !== undefined && (
        <dl className={styles['failedStep']}>
          <div>
            <dt>{t('migration.failed.step')}</dt>
            <dd>
              <EngineText>{step.words}</EngineText>
            </dd>
          </div>
          {disk !== undefined && (
            <div>
              <dt>{t('migration.failed.disk')}</dt>
              <dd>
                <SourceText>{disk}</SourceText>
              </dd>
            </div>
          )}
        </dl>
      )}
      <div className={styles['explain']}>
        <span>{t('migration.failed.explain')}</span>
        <CommandLine command={`kubectl vm-migrate explain ${error.code}`} />
      </div>
    </Failure>
  );
}
