/** A state as a mark, a word and its figures; colour says nothing that they do not. */
import {
  RiCheckLine,
  RiCircleLine,
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
import type { ProgressView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ReactElement } from 'react';
import { bytesText, durationText, percentOf, rateText } from '../parts/format';
import { SourceText } from '../parts/source-text';
import { useNow } from '../parts/use-now';
import { useWords } from '../parts/use-words';
import type { PointState } from './disk-state';
import styles from './history.module.css';

const MARKS: Readonly<Record<PointState['kind'], ReactElement>> = {
  outside: <RiSubtractLine aria-hidden />,
  unreadable: <RiLockLine aria-hidden />,
  'not-wanted': <RiForbidLine aria-hidden />,
  'needs-migration': <RiCircleLine aria-hidden />,
  waiting: <RiTimeLine aria-hidden />,
  copying: <RiLoader2Line aria-hidden />,
  migrated: <RiCheckLine aria-hidden />,
  'to-cut': <RiScissorsCutLine aria-hidden />,
  cut: <RiScissorsCutLine aria-hidden />,
  ready: <RiCheckLine aria-hidden />,
  proved: <RiShieldCheckLine aria-hidden />,
  failed: <RiErrorWarningLine aria-hidden />,
  merged: <RiGitMergeLine aria-hidden />,
};

export interface StateCellProps {
  readonly state: PointState;
  /** Name of a point by its id, for what is merged into it. */
  readonly nameOf: (id: string) => string;
}

export function StateCell({ state, nameOf }: StateCellProps) {
  const { t } = useWords();
  return (
    <span className={styles['state']} data-kind={state.kind}>
      <span className={styles['stateWord']}>
        {MARKS[state.kind]}
        {state.kind === 'copying' && state.progress !== null
          ? t('history.copying', {
              percent: String(percentOf(state.progress.bytesDone, state.progress.bytesTotal)),
            })
          : state.kind === 'proved'
            ? t(`history.proof.${state.proof}`)
            : t(`history.state.${state.kind}`)}
      </span>
      <Figures state={state} nameOf={nameOf} />
    </span>
  );
}

function Figures({ state, nameOf }: StateCellProps) {
  const { t } = useWords();
  switch (state.kind) {
    case 'copying':
      return state.progress === null ? null : <Copying progress={state.progress} />;
    case 'waiting':
      return (
        <span className={styles['figures']}>
          <SourceText>{state.for}</SourceText>
          {state.since !== null && <Since at={state.since} />}
        </span>
      );
    case 'failed':
      return state.error === null ? null : (
        <code className={styles['figures']}>{state.error.code}</code>
      );
    case 'merged':
      return (
        <span className={styles['figures']}>
          {state.into === null ? (
            t('history.intoNothing')
          ) : (
            <>
              {t('history.into')}{' '}
              {state.into === 'current' ? (
                t('history.here')
              ) : (
                <SourceText>{nameOf(state.into)}</SourceText>
              )}
            </>
          )}
        </span>
      );
    default:
      return null;
  }
}

function Copying({ progress }: { readonly progress: ProgressView }) {
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
  return <> · {t('history.since', { time: durationText(now - Date.parse(at)) })}</>;
}
