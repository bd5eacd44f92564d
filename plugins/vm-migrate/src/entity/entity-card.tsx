/** The card on the overview of a VM's entity: whether it is migrated, and how far. */
import type { Entity } from '@backstage/catalog-model';
import { EntityInfoCard } from '@backstage/plugin-catalog-react';
import { ButtonLink } from '@backstage/ui';
import type { MigrationView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { Age } from '../parts/age';
import { Answer } from '../parts/answer';
import { Failure } from '../parts/failure';
import { LongWait } from '../parts/long-wait';
import { ProgressBar } from '../parts/progress-bar';
import { SourceText } from '../parts/source-text';
import { StateTag } from '../parts/state-tag';
import { useWords } from '../parts/use-words';
import { SurfaceProvider, useSurface, type SurfaceProps } from '../surface/surface';
import styles from './entity.module.css';
import { vmOf, type EntityVm } from './entity-vm';
import { MissingAnnotations } from './missing-annotations';
import { NewMigrationButton } from './new-migration-button';
import { useVmMigration } from './use-vm-migration';

export function EntityCard({ entity, ...surface }: SurfaceProps & { readonly entity: Entity }) {
  const { t } = useWords();
  const vm = vmOf(entity);
  return (
    <EntityInfoCard title={t('entity.card')}>
      {vm === undefined ? (
        <MissingAnnotations entity={entity} />
      ) : (
        <SurfaceProvider {...surface}>
          <VmState key={vm.reference} vm={vm} />
        </SurfaceProvider>
      )}
    </EntityInfoCard>
  );
}

function VmState({ vm }: { readonly vm: EntityVm }) {
  const { t } = useWords();
  const { query, migration } = useVmMigration(vm);
  return (
    <Answer query={query} lines={3}>
      {() =>
        migration === undefined ? (
          <div className={styles['card']}>
            <span className={styles['quiet']}>{t('entity.notMigrated')}</span>
            <span>
              <NewMigrationButton vm={vm} variant="primary" />
            </span>
          </div>
        ) : (
          <MigrationState migration={migration} />
        )
      }
    </Answer>
  );
}

function MigrationState({ migration }: { readonly migration: MigrationView }) {
  const { t } = useWords();
  const { links } = useSurface();
  const { id, state, target, startedBy, createdAt, finishedAt, snapshots, waits, error } =
    migration;
  return (
    <div className={styles['card']}>
      <span className={styles['state']}>
        <StateTag state={state} />
        <span className={styles['quiet']}>
          → <SourceText>{target}</SourceText>
        </span>
      </span>
      <ProgressBar label={t('migration.progress')} progress={migration.progress} />
      {waits !== null && <LongWait wait={waits} />}
      <span className={styles['quiet']}>
        {t('entity.snapshots', {
          ready: String(snapshots.ready),
          total: String(snapshots.total),
        })}
        {' · '}
        {t(finishedAt === null ? 'entity.startedBy' : 'entity.endedBy')}{' '}
        <SourceText>{startedBy}</SourceText>, <Age at={finishedAt ?? createdAt} />
      </span>
      {error !== null && <Failure error={error} />}
      <span>
        <ButtonLink variant="secondary" size="small" href={links.migration(id)}>
          {t('entity.openMigration')}
        </ButtonLink>
      </span>
    </div>
  );
}
