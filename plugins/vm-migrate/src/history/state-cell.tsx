/** A state as a mark, a word and its figures; colour says nothing that they do not. */
import {
  RiCheckLine,
  RiCircleLine,
  RiDeleteBinLine,
  RiErrorWarningLine,
  RiForbidLine,
  RiGitMergeLine,
  RiLoader2Line,
  RiLockLine,
  RiScissorsCutLine,
  RiShieldCheckLine,
  RiSubtractLine,
  RiTimeLine,
} from '@remixicon/react';
import type { ProgressView, TreeStepView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ReactElement } from 'react';
import { useNow } from '../parts/age';
import { bytesText, durationText, percentOf, rateText } from '../parts/format';
import { Awaited } from '../parts/awaited';
import { SourceText } from '../parts/source-text';
import { useControlWords } from '../parts/use-control-words';
import { useWords } from '../parts/use-words';
import { isMoving, type DiskState, type PointState } from './disk-state';
import styles from './history.module.css';

const MARKS: Readonly<Record<PointState['stage'], ReactElement>> = {
  'not-migrated': <RiSubtractLine aria-hidden />,
  unreadable: <RiLockLine aria-hidden />,
  'not-wanted': <RiForbidLine aria-hidden />,
  'needs-migration': <RiCircleLine aria-hidden />,
  waiting: <RiTimeLine aria-hidden />,
  copying: <RiLoader2Line aria-hidden />,
  verifying: <RiLoader2Line aria-hidden />,
  migrated: <RiCheckLine aria-hidden />,
  cut: <RiScissorsCutLine aria-hidden />,
  ready: <RiCheckLine aria-hidden />,
  proved: <RiShieldCheckLine aria-hidden />,
  removed: <RiDeleteBinLine aria-hidden />,
  failed: <RiErrorWarningLine aria-hidden />,
  merged: <RiGitMergeLine aria-hidden />,
  'no-disks': <RiSubtractLine aria-hidden />,
};

export interface StateCellProps {
  readonly state: PointState;
  /** Name of a point by its id, for what is merged into it. */
  readonly nameOf: (id: string) => string;
}

export function StateCell({ state, nameOf }: StateCellProps) {
  return (
    <span className={styles['state']} data-stage={state.stage}>
      <span className={styles['stateWord']}>
        {MARKS[state.stage]}
        <StateWord state={state} />
      </span>
      {state.stage === 'merged' ? (
        <MergedInto into={state.into} nameOf={nameOf} />
      ) : state.stage === 'no-disks' ? null : (
        <Figures state={state} />
      )}
    </span>
  );
}

function StateWord({ state }: { readonly state: PointState }) {
  const { t } = useWords();
  if (isMoving(state.stage) && 'step' in state && state.step?.progress != null) {
    const { bytesDone, bytesTotal } = state.step.progress;
    const percent = String(percentOf(bytesDone, bytesTotal));
    return <>{t(`history.moving.${state.stage}`, { percent })}</>;
  }
  if (state.stage === 'proved' && state.proof !== null)
    return <>{t(`history.proof.${state.proof}`)}</>;
  return <>{t(`history.stage.${state.stage}`)}</>;
}

/** What the word leaves open; whole words stand in a row of their own when the point is open. */
function Figures({ state: { stage, step } }: { readonly state: DiskState }) {
  const { t } = useWords();
  if (step === null) return null;
  if (isMoving(stage) && step.progress !== null) return <Moving progress={step.progress} />;
  if (stage === 'failed' && step.error !== null)
    return <code className={styles['figures']}>{step.error.code}</code>;
  if (step.waitsFor === null) return null;
  if (stage === 'waiting') return <Reason step={{ ...step, waitsFor: step.waitsFor }} />;
  if (step.kind === 'verifySnapshot')
    return (
      <Reason step={{ ...step, waitsFor: step.waitsFor }} before={t('history.toBeVerified')} />
    );
  return null;
}

interface ReasonProps {
  readonly step: Pick<TreeStepView, 'waitsSince'> & { readonly waitsFor: string };
  readonly before?: string;
}

/** In one line, and as much of it as there is room for; for how long is always said. */
function Reason({ step: { waitsFor, waitsSince }, before }: ReasonProps) {
  const inOurWords = useControlWords();
  return (
    <span className={styles['reasonLine']}>
      <span className={styles['reason']} title={inOurWords(waitsFor)}>
        {before !== undefined && <>{before} </>}
        <Awaited>{waitsFor}</Awaited>
      </span>
      {waitsSince !== null && (
        <span className={styles['lasting']}>
          <span className={styles['separator']}> · </span>
          <Since at={waitsSince} />
        </span>
      )}
    </span>
  );
}

function MergedInto({
  into,
  nameOf,
}: {
  readonly into: string | null;
  readonly nameOf: (id: string) => string;
}) {
  const { t } = useWords();
  if (into === null) return <span className={styles['figures']}>{t('history.intoNothing')}</span>;
  return (
    <span className={styles['figures']}>
      {t('history.into')}{' '}
      {into === 'current' ? t('history.here') : <SourceText>{nameOf(into)}</SourceText>}
    </span>
  );
}

function Moving({ progress }: { readonly progress: ProgressView }) {
  const { t, language } = useWords();
  const { bytesDone, bytesTotal, bytesPerSecond, etaMs } = progress;
  const percent = percentOf(bytesDone, bytesTotal);
  const words = [
    t('progress.bytes', {
      done: bytesText(bytesDone, language),
      total: bytesText(bytesTotal, language),
    }),
    ...(bytesPerSecond > 0 ? [rateText(bytesPerSecond, language)] : []),
    ...(etaMs === null ? [] : [t('progress.left', { time: durationText(etaMs) })]),
  ];
  return (
    <span className={styles['figures']}>
      <span className={styles['track']} aria-hidden="true">
        <span className={styles['bar']} style={{ inlineSize: `${percent}%` }} />
      </span>
      {words.join(' · ')}
    </span>
  );
}

/** How long something has lasted, as time goes by. */
export function Since({ at }: { readonly at: string }) {
  const { t } = useWords();
  const now = useNow();
  return <>{t('history.since', { time: durationText(now - Date.parse(at)) })}</>;
}
