/** The plan in figures, and the way to accept exactly this one: by its digest, now, at a time, or when somebody resumes it. */
import { useAnalytics } from '@backstage/frontend-plugin-api';
import { Text } from '@backstage/ui';
import { RiPauseLine, RiPlayLine } from '@remixicon/react';
import {
  startPermission,
  type OperationInput,
  type PlanView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router-dom';
import { CommandLine } from '../../parts/command-line';
import { Failure } from '../../parts/failure';
import { bytesText, durationText } from '../../parts/format';
import { ReasonButton } from '../../parts/reason-button';
import { useWords } from '../../parts/use-words';
import { Waiting } from '../../parts/waiting';
import { useCommand } from '../../surface/queries';
import { useSurface } from '../../surface/surface';
import { useMay } from '../../surface/use-may';
import { acceptedOf, openFindings } from './accepted';
import { BeginAt } from './begin-at';
import styles from './plan-summary.module.css';
import { startCommand } from './start-command';
import type { PlannedDraft } from './use-plan';

type Begin = Pick<OperationInput<'start'>, 'begin' | 'beginAt'>;

export interface PlanSummaryProps {
  readonly vm: string;
  readonly planned: PlannedDraft;
  /** Ids of findings that the person accepts. */
  readonly accepted: ReadonlySet<string>;
}

export function PlanSummary({ vm, planned, accepted }: PlanSummaryProps) {
  const { t } = useWords();
  const { links } = useSurface();
  const navigate = useNavigate();
  const analytics = useAnalytics();
  const start = useCommand('start');
  const mayStart = useMay(startPermission);
  const { plan, options, isCurrent, error, again } = planned;
  const accept = plan === undefined ? [] : acceptedOf(plan.findings, accepted);
  const open = plan === undefined ? [] : openFindings(plan.findings, accepted);

  const refusalWords = (): string | undefined => {
    if (mayStart === false) return t('plan.refusal.notAllowed');
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
      navigate(links.migration(started.migration));
    } catch {
      // Shown below; what changed meanwhile is planned again.
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
        <div className={styles['figures']} data-stale={!isCurrent}>
          <Figures plan={plan} />
          <Space plan={plan} />
          <div className={styles['digest']}>
            {t('plan.digest')} <code title={plan.digest}>{plan.digest.slice(0, 16)}</code>
          </div>
        </div>
      )}
      <p role="status" className={styles['status']}>
        {refusal}
      </p>
      {start.error !== null && <Failure error={start.error.data} />}
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
      {plan !== undefined && (
        <>
          <p className={styles['words']}>{t('plan.command')}</p>
          <CommandLine command={startCommand({ vm, options, planDigest: plan.digest, accept })} />
        </>
      )}
    </aside>
  );
}

function Figures({ plan: { totals, snapshots, steps } }: { readonly plan: PlanView }) {
  const { t, language } = useWords();
  const kept = snapshots.filter(snapshot => snapshot.kept).length;
  const { layers, volumes, volumeSnapshots, dataBytes, zeroBytes, estimateMs } = totals;
  return (
    <dl className={styles['list']}>
      <Figure name={t('plan.keeps')}>
        {t('plan.keepsOf', { kept: String(kept), total: String(snapshots.length) })}
      </Figure>
      <Figure name={t('plan.copies')} more={t('plan.fromLayers', { count: layers })}>
        {bytesText(dataBytes, language)}
        {zeroBytes > 0 && (
          <span className={styles['quiet']}>
            {' '}
            {t('plan.zeros', { bytes: bytesText(zeroBytes, language) })}
          </span>
        )}
      </Figure>
      <Figure name={t('plan.makes')} more={t('plan.inSteps', { count: steps.length })}>
        {t('plan.volumes', { count: volumes })}, {t('plan.cuts', { count: volumeSnapshots })}
      </Figure>
      <Figure name={t('plan.takes')} more={estimateMs?.basis}>
        {estimateMs === undefined
          ? t('plan.noEstimate')
          : t('plan.between', {
              low: durationText(estimateMs.low),
              high: durationText(estimateMs.high),
            })}
      </Figure>
    </dl>
  );
}

function Figure({
  name,
  children,
  more,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly more?: string | undefined;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {more !== undefined && <div className={styles['quiet']}>{more}</div>}
      </dd>
    </div>
  );
}

function Space({ plan }: { readonly plan: PlanView }) {
  const { t, language } = useWords();
  return (
    <ul className={styles['space']} aria-label={t('plan.space')}>
      {plan.totals.space.map(({ storageClass, neededBytes, freeBytes }) => {
        const isShort = freeBytes !== undefined && neededBytes > freeBytes;
        return (
          <li key={storageClass} data-short={isShort}>
            {freeBytes === undefined
              ? t('plan.needs', { name: storageClass, bytes: bytesText(neededBytes, language) })
              : t('plan.needsOf', {
                  name: storageClass,
                  bytes: bytesText(neededBytes, language),
                  free: bytesText(freeBytes, language),
                })}
            {isShort && <b> {t('plan.short')}</b>}
          </li>
        );
      })}
    </ul>
  );
}
