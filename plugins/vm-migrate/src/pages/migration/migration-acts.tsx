/** The acts of a migration as buttons; one that is impossible now says why. */
import { useAnalytics } from '@backstage/frontend-plugin-api';
import { usePermission } from '@backstage/plugin-permission-react';
import {
  RiCloseCircleLine,
  RiPauseLine,
  RiPlayLine,
  RiRestartLine,
  RiShieldCheckLine,
} from '@remixicon/react';
import {
  migrationControlPermission,
  type ApiError,
  type DescriptionView,
  type StatusView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState, type ReactElement } from 'react';
import { ActButton } from '../../parts/act-button';
import { Failure } from '../../parts/failure';
import { useWords } from '../../parts/use-words';
import { useCommand } from '../../surface/queries';
import { ACTS, commandOf, refusalOf, type Act, type ObjectChoice } from './acts';
import { CancelDialog } from './cancel-dialog';
import styles from './migration.module.css';

const ICONS: Readonly<Record<Act, ReactElement>> = {
  pause: <RiPauseLine aria-hidden />,
  resume: <RiPlayLine aria-hidden />,
  retry: <RiRestartLine aria-hidden />,
  verify: <RiShieldCheckLine aria-hidden />,
  cancel: <RiCloseCircleLine aria-hidden />,
};

export interface MigrationActs {
  readonly act: (act: Exclude<Act, 'cancel'>) => void;
  readonly cancel: (objects: ObjectChoice) => void;
  /** Under way now. */
  readonly pending: Act | undefined;
  readonly error: ApiError | null;
  readonly done: Act | undefined;
}

export function useMigrationActs(id: string): MigrationActs {
  const commands = {
    pause: useCommand('pause'),
    resume: useCommand('resume'),
    retry: useCommand('retry'),
    verify: useCommand('verify'),
    cancel: useCommand('cancel'),
  };
  const analytics = useAnalytics();
  const [last, setLast] = useState<Act>();
  const begin = (act: Act): void => {
    setLast(act);
    for (const other of ACTS) commands[other].reset();
    analytics.captureEvent(`vm-migrate.${act}`, id);
  };
  const command = last === undefined ? undefined : commands[last];
  return {
    act: act => {
      begin(act);
      commands[act].mutate({ migration: id });
    },
    cancel: objects => {
      begin('cancel');
      commands.cancel.mutate({ migration: id, objects });
    },
    pending: command?.isPending === true ? last : undefined,
    error: command?.error ?? null,
    done: command?.isSuccess === true ? last : undefined,
  };
}

export interface MigrationActsProps {
  readonly migration: StatusView;
  /** Its volumes, for what canceling does to them; undefined before they are known. */
  readonly volumes: DescriptionView['volumes'] | undefined;
  readonly acts: MigrationActs;
}

export function ActButtons({ migration, volumes, acts }: MigrationActsProps) {
  const { t } = useWords();
  const { allowed, loading } = usePermission({
    permission: migrationControlPermission,
    resourceRef: migration.id,
  });
  const [isCanceling, setCanceling] = useState(false);
  const mayControl = loading ? undefined : allowed;
  const isShown = (act: Act): boolean =>
    // One of the two stands in one place: which one says the state.
    act !== (migration.wanted === 'pause' ? 'pause' : 'resume');
  return (
    <div className={styles['acts']}>
      {ACTS.filter(isShown).map(act => {
        const refusal = refusalOf(act, { migration, mayControl });
        return (
          <ActButton
            key={act}
            icon={ICONS[act]}
            isPending={acts.pending === act}
            refused={
              acts.pending !== undefined && acts.pending !== act
                ? t('migration.refusal.isBusy')
                : refusal === undefined
                  ? undefined
                  : t(`migration.refusal.${refusal}`)
            }
            hint={t(`migration.hint.${act}`)}
            onPress={() => (act === 'cancel' ? setCanceling(true) : acts.act(act))}
          >
            {t(`migration.act.${act}`)}
          </ActButton>
        );
      })}
      <CancelDialog
        migration={migration}
        volumes={volumes}
        isOpen={isCanceling}
        onClose={() => setCanceling(false)}
        onCancel={objects => {
          setCanceling(false);
          acts.cancel(objects);
        }}
      />
    </div>
  );
}

/** What came of the last act. */
export function ActOutcome({ acts, id }: { readonly acts: MigrationActs; readonly id: string }) {
  const { t } = useWords();
  return (
    <div role="status" className={styles['outcome']}>
      {acts.error !== null && (
        <Failure error={acts.error.data ?? { code: 'INTERNAL', message: acts.error.message }} />
      )}
      {acts.done !== undefined && (
        <span className={styles['quiet']}>
          {t(`migration.done.${acts.done}`)} <code>{commandOf(acts.done, id)}</code>
        </span>
      )}
    </div>
  );
}
