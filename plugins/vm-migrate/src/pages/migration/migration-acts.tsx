/** The acts of a migration as buttons; one that is impossible now says why. */
import { useAnalytics } from '@backstage/frontend-plugin-api';
import {
  RiCloseCircleLine,
  RiPauseLine,
  RiPlayLine,
  RiRestartLine,
  RiShieldCheckLine,
} from '@remixicon/react';
import type {
  ApiError,
  DescriptionView,
  StatusView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useEffect, useRef, useState, type ReactElement } from 'react';
import { Failure } from '../../parts/failure';
import { ReasonButton } from '../../parts/reason-button';
import { useWords } from '../../parts/use-words';
import { useCommand } from '../../surface/queries';
import { useRefusedControl } from '../../surface/use-may';
import { ActDialog } from '../acts/act-dialog';
import { refusalOf, type Act } from '../acts/acts';
import { isVerifying } from './elapsed';
import styles from './migration.module.css';

/** Done at once; to cancel is asked about first. */
const AT_ONCE = ['pause', 'resume', 'retry', 'verify'] as const;
type ActAtOnce = (typeof AT_ONCE)[number];

const ICONS: Readonly<Record<ActAtOnce | Act, ReactElement>> = {
  pause: <RiPauseLine aria-hidden />,
  resume: <RiPlayLine aria-hidden />,
  retry: <RiRestartLine aria-hidden />,
  verify: <RiShieldCheckLine aria-hidden />,
  cancel: <RiCloseCircleLine aria-hidden />,
};

export interface MigrationActs {
  readonly begin: (act: ActAtOnce) => void;
  /** Under way now. */
  readonly pending: ActAtOnce | undefined;
  readonly done: ActAtOnce | undefined;
  readonly error: ApiError | null;
}

/** What an outcome is about: when it changes, the outcome of an earlier act is said no longer. */
function standingOf(description: DescriptionView | undefined): string | undefined {
  if (description === undefined) return undefined;
  const { migration, steps } = description;
  const { state, wanted, error } = migration;
  return [state, wanted, error === null, isVerifying(steps)].join(' ');
}

export function useMigrationActs(
  id: string,
  description: DescriptionView | undefined,
): MigrationActs {
  const commands = {
    pause: useCommand('pause'),
    resume: useCommand('resume'),
    retry: useCommand('retry'),
    verify: useCommand('verify'),
  };
  const analytics = useAnalytics();
  const [last, setLast] = useState<ActAtOnce>();
  const command = last === undefined ? undefined : commands[last];
  const standing = standingOf(description);
  const hasEnded = command?.isSuccess === true || command?.isError === true;
  const endedAs = useRef<string>();
  useEffect(() => {
    if (!hasEnded) {
      endedAs.current = undefined;
      return;
    }
    // An act has ended when what is shown was asked for anew.
    endedAs.current ??= standing;
    if (endedAs.current !== standing) setLast(undefined);
  }, [hasEnded, standing]);
  return {
    begin: act => {
      setLast(act);
      analytics.captureEvent(act, id);
      commands[act].mutate({ migration: id });
    },
    pending: command?.isPending === true ? last : undefined,
    done:
      command?.isSuccess === true && description !== undefined && isTrueOf(last, description)
        ? last
        : undefined,
    error: command?.error ?? null,
  };
}

/** Whether what is said of an act that was done holds now. */
function isTrueOf(act: ActAtOnce | undefined, { migration, steps }: DescriptionView): boolean {
  const { state, wanted } = migration;
  if (act === undefined || state !== 'running') return false;
  switch (act) {
    case 'pause':
      return wanted === 'pause';
    case 'resume':
    case 'retry':
      return wanted === 'run';
    case 'verify':
      return isVerifying(steps);
  }
}

export interface ActButtonsProps {
  readonly migration: StatusView;
  readonly acts: MigrationActs;
}

export function ActButtons({ migration, acts }: ActButtonsProps) {
  const { t } = useWords();
  const refusal = useRefusal(migration, acts);
  const [isCanceling, setCanceling] = useState(false);
  // One of the two stands in one place: which one says the state.
  const hidden = migration.wanted === 'pause' ? 'pause' : 'resume';
  return (
    <div className={styles['acts']}>
      {AT_ONCE.filter(act => act !== hidden).map(act => (
        <ReasonButton
          key={act}
          size="small"
          variant="secondary"
          iconStart={ICONS[act]}
          isPending={acts.pending === act}
          refusal={refusal(act)}
          onPress={() => acts.begin(act)}
        >
          {act === 'verify' ? t('migration.verify.name') : t(`acts.${act}.name`)}
        </ReasonButton>
      ))}
      <ReasonButton
        size="small"
        variant="secondary"
        iconStart={ICONS.cancel}
        refusal={refusal('cancel')}
        onPress={() => setCanceling(true)}
      >
        {t('acts.cancel.name')}
      </ReasonButton>
      {isCanceling && (
        <ActDialog
          act="cancel"
          migrations={[migration]}
          leftAlone={[]}
          onClose={() => setCanceling(false)}
        />
      )}
    </div>
  );
}

/** Why an act is impossible now, in words; undefined: it is possible. */
function useRefusal(migration: StatusView, acts: MigrationActs) {
  const { t } = useWords();
  const refused = useRefusedControl([migration.id]);
  return (act: ActAtOnce | 'cancel'): string | undefined => {
    if (refused === undefined) return t('migration.refusal.unknown');
    if (refused.has(migration.id)) return t('acts.refusal.notAllowed');
    if (acts.pending !== undefined && acts.pending !== act) return t('migration.refusal.busy');
    if (act === 'verify' && migration.wanted === 'cancel')
      return t(`acts.refusal.${migration.state === 'canceled' ? 'canceled' : 'canceling'}`);
    if (act === 'verify')
      return migration.snapshots.ready > 0 ? undefined : t('migration.verify.nothingReady');
    const why = refusalOf(act, migration);
    return why === undefined ? undefined : t(`acts.refusal.${why}`);
  };
}

/** What came of the last act. */
export function ActOutcome({ acts }: { readonly acts: MigrationActs }) {
  const { t } = useWords();
  return (
    <div role="status" className={styles['outcome']}>
      {acts.error !== null && (
        <Failure error={acts.error.data ?? { code: 'INTERNAL', message: acts.error.message }} />
      )}
      {acts.done !== undefined && (
        <span className={styles['quiet']}>{t(`migration.done.${acts.done}`)}</span>
      )}
    </div>
  );
}
