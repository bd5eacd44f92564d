/** The plan in figures, and the way to accept exactly this one: by its digest, now, at a time, or when somebody resumes it. */
import { useAnalytics } from '@backstage/frontend-plugin-api';
import { Alert, Link, Text } from '@backstage/ui';
import { RiPauseLine, RiPlayLine } from '@remixicon/react';
import {
  ApiError,
  startPermission,
  type OperationInput,
  type StartedView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { acceptedOf, openFindings } from '../../parts/accepted';
import { CommandLine } from '../../parts/command-line';
import { PlanFigures } from '../../parts/plan-figures';
import { ReasonButton } from '../../parts/reason-button';
import { StateTag } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useCommand } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { useMay } from '../../surface/use-may';
import type { Planned } from '../../surface/use-planned';
import { BeginAt } from './begin-at';
import styles from './plan-summary.module.css';
import { startCommand } from './start-command';
import { StartRefusal } from './start-refusal';

type Begin = Pick<OperationInput<'start'>, 'begin' | 'beginAt'>;

export interface PlanSummaryProps {
  readonly vm: string;
  readonly planned: Planned;
  /** The person has said something that no plan can be made of. */
  readonly isPrefixWrong: boolean;
  /** Ids of findings that the person accepts. */
  readonly accepted: ReadonlySet<string>;
  /** Ids of the VM's migrations: a start that answers one of them began no new one. */
  readonly earlier: readonly string[];
  /** A start was refused that another prefix would let begin. */
  readonly onNamesTaken: () => void;
}

export function PlanSummary({
  vm,
  planned,
  isPrefixWrong,
  accepted,
  earlier,
  onNamesTaken,
}: PlanSummaryProps) {
  const { t } = useWords();
  const { links } = useSurface();
  const navigate = useNavigate();
  const analytics = useAnalytics();
  const start = useCommand('start');
  const mayStart = useMay(startPermission);
  const [found, setFound] = useState<StartedView>();
  const { plan, options, isCurrent, error, again } = planned;
  const accept = plan === undefined ? [] : acceptedOf(plan.findings, accepted);
  const open = plan === undefined ? [] : openFindings(plan.findings, accepted);

  const refusalWords = (): string | undefined => {
    if (mayStart === false) return t('plan.refusal.notAllowed');
    if (isPrefixWrong) return t('plan.refusal.prefix');
    if (error !== null) return t('plan.refusal.failed');
    if (!isCurrent) return t('plan.refusal.planning');
    if (open.length === 0) return undefined;
    return open.every(({ acceptable }) => acceptable)
      ? t('plan.refusal.accept', { count: open.length })
      : t('plan.refusal.blocked', { count: open.length });
  };
  const refusal = refusalWords();
  const acceptPlan = async (begin: Begin) => {
    if (plan === undefined) return;
    setFound(undefined);
    try {
      const started = await start.mutateAsync({
        vm,
        options,
        planDigest: plan.digest,
        accept: [...accept],
        ...begin,
      });
      analytics.captureEvent('start', started.migration, {
        attributes: { begin: begin.begin ?? 'at-a-time', outcome: started.outcome },
      });
      if (started.outcome === 'started' && !earlier.includes(started.migration))
        navigate(links.migration(started.migration));
      else setFound(started);
    } catch (thrown) {
      // Shown below; what changed meanwhile is planned again.
      if (thrown instanceof ApiError && thrown.data.hint?.includes('--name-prefix') === true)
        onNamesTaken();
      await again();
    }
  };

  return (
    <aside className={styles['summary']} aria-label={t('plan.title')}>
      <Text as="h2" variant="title-x-small">
        {t('plan.title')}
      </Text>
      {plan === undefined && error === null && <Waiting lines={5} />}
      {plan !== undefined && (
        <div className={styles['figures']} data-outdated={!isCurrent}>
          <PlanFigures plan={plan} />
          {!isPrefixWrong && (
            <div className={styles['digest']}>
              {t('plan.digest')} <code title={plan.digest}>{plan.digest.slice(0, 16)}</code>
            </div>
          )}
        </div>
      )}
      <p role="status" className={styles['status']}>
        {refusal}
      </p>
      {found !== undefined && <Found started={found} />}
      {start.error !== null && <StartRefusal error={start.error.data} />}
      <div className={styles['acts']}>
        <ReasonButton
          variant="primary"
          iconStart={<RiPlayLine aria-hidden />}
          isPending={start.isPending}
          refusal={refusal}
          onPress={() => void acceptPlan({ begin: 'now' })}
        >
          {t('plan.start')}
        </ReasonButton>
        <ReasonButton
          variant="secondary"
          iconStart={<RiPauseLine aria-hidden />}
          isPending={start.isPending}
          refusal={refusal}
          onPress={() => void acceptPlan({ begin: 'when-resumed' })}
        >
          {t('plan.later')}
        </ReasonButton>
      </div>
      <BeginAt
        isPending={start.isPending}
        refusal={refusal}
        onBegin={beginAt => void acceptPlan({ beginAt })}
      />
      <p className={styles['words']}>{t('plan.laterWords')}</p>
      {plan !== undefined && !isPrefixWrong && (
        <>
          <p className={styles['words']}>{t('plan.command')}</p>
          <CommandLine command={startCommand({ vm, options, planDigest: plan.digest, accept })} />
        </>
      )}
    </aside>
  );
}

/** A start that made no migration of its own: nobody is led to an older one without a word. */
function Found({ started: { migration, outcome, state } }: { readonly started: StartedView }) {
  const { t } = useWords();
  const { links } = useSurface();
  return (
    <Alert
      role="status"
      status="success"
      icon
      title={outcome === 'already' ? t('plan.already') : t('plan.goesOn')}
      description={
        <span className={styles['found']}>
          <StateTag state={state} />
          <Link href={links.migration(migration)}>
            {t('newMigration.seeMigration', { id: migration })}
          </Link>
        </span>
      }
    />
  );
}
