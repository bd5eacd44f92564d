/** The tab of a VM's entity: its history, before, during and after its migration. */
import type { Entity } from '@backstage/catalog-model';
import { ButtonLink } from '@backstage/ui';
import type { MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { History } from '../history/history';
import { Answer } from '../parts/answer';
import { Findings } from '../parts/findings';
import { ProgressBar } from '../parts/progress-bar';
import { StateTag } from '../parts/state-tag';
import { useWords } from '../parts/use-words';
import { useOperation } from '../surface/queries';
import { LiveBanner } from '../surface/live-banner';
import { SurfaceProvider, useSurface, type SurfaceProps } from '../surface/surface';
import styles from './entity.module.css';
import { vmOf, type EntityVm } from './entity-vm';
import { MissingAnnotations } from './missing-annotations';
import { NewMigrationButton } from './new-migration-button';
import { useVmMigration } from './use-vm-migration';

export function EntityHistory({ entity, ...surface }: SurfaceProps & { readonly entity: Entity }) {
  const vm = vmOf(entity);
  if (vm === undefined) return <MissingAnnotations entity={entity} />;
  return (
    <SurfaceProvider {...surface}>
      <LiveBanner />
      <VmHistory key={vm.reference} vm={vm} />
    </SurfaceProvider>
  );
}

function VmHistory({ vm }: { readonly vm: EntityVm }) {
  const { query, migration } = useVmMigration(vm);
  return (
    <Answer query={query} lines={8}>
      {() =>
        migration === undefined ? (
          <BeforeMigration vm={vm} />
        ) : (
          <WithMigration key={migration.id} migration={migration} vm={vm} />
        )
      }
    </Answer>
  );
}

/** The tree as the source has it now. */
function BeforeMigration({ vm }: { readonly vm: EntityVm }) {
  const { t } = useWords();
  const tree = useOperation('getTree', { vm: vm.reference }, { of: 'places' });
  return (
    <div className={styles['tab']}>
      <div className={styles['bar']}>
        <span className={styles['quiet']}>{t('entity.notMigrated')}</span>
        <NewMigrationButton vm={vm} variant="primary" />
      </div>
      <Answer query={tree} lines={8}>
        {answer => (
          <>
            <History tree={answer} />
            {answer.findings.length > 0 && <Findings findings={answer.findings} />}
          </>
        )}
      </Answer>
    </div>
  );
}

function WithMigration({
  vm,
  migration,
}: {
  readonly vm: EntityVm;
  readonly migration: MigrationView;
}) {
  const { t } = useWords();
  const { links } = useSurface();
  const isOver = migration.finishedAt !== null;
  const tree = useOperation(
    'getTree',
    { vm: migration.id },
    { refetchMs: ({ nodes }) => (isOver ? undefined : nodes.length < 500 ? 2_000 : 15_000) },
  );
  return (
    <div className={styles['tab']}>
      <div className={styles['bar']}>
        <span className={styles['state']}>
          <StateTag state={migration.state} />
          <ProgressBar label={t('migration.progress')} progress={migration.progress} />
        </span>
        <span className={styles['acts']}>
          <ButtonLink
            variant={isOver ? 'secondary' : 'primary'}
            size="small"
            href={links.migration(migration.id)}
          >
            {t('entity.openMigration')}
          </ButtonLink>
          {isOver && <NewMigrationButton vm={vm} variant="secondary" />}
        </span>
      </div>
      <Answer query={tree} lines={8}>
        {answer => <History tree={answer} />}
      </Answer>
    </div>
  );
}
