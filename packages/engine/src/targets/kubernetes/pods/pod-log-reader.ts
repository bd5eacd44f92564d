/** Reads the log of a run's pod into what is known of the run (pod-log.ts), through cuts and restarts of what is between. */
import { EngineError } from '../../../errors';
import type { ClusterApi } from '../cluster/cluster-api';
import type { Pod } from '../cluster/resources';
import type { PodLog } from './pod-log';
import { CONTAINER } from './pod-spec';
import type { Begun } from './pod-start';
import { podState } from './pod-state';
import type { PodWatch } from './pod-watch';
import { isUnreachable, type Unheard } from './unheard';
import { LOOK_MS, sleep } from './waiting';

export interface LogReading {
  readonly api: ClusterApi;
  readonly watch: PodWatch;
  readonly log: PodLog;
  readonly unheard: Unheard;
  readonly how: Begun['how'];
  /** As it was last seen. */
  readonly pod: () => Pod;
}

const ENDS_READING = new Set(['MOVER_VERSION', 'MOVER_FAILED']);

/** Ends with the container, or with the mover's last report. @throws EngineError MOVER_VERSION, MOVER_FAILED */
export async function followLog(
  { api, watch, log, unheard, how, pod }: LogReading,
  signal: AbortSignal,
): Promise<void> {
  const { name = '' } = pod().metadata;
  while (!signal.aborted) {
    if ((await watch.started(pod(), signal)) === undefined) return;
    try {
      const lines = api.podLog(name, {
        container: CONTAINER,
        follow: true,
        timestamps: true,
        sinceTime: log.seenUntil,
        signal,
      });
      for await (const line of lines) {
        unheard.heard();
        log.take(line);
        if (how === 'taken over') assertWhole(log, pod());
        if (log.last !== undefined) return;
      }
      if (podState(pod()).state === 'ended') return;
    } catch (error) {
      if (error instanceof EngineError && ENDS_READING.has(error.code)) throw error;
      // Cut, or not there yet: goes on where it was.
      if (isUnreachable(error)) unheard.missed(pod(), error, 1);
    }
    await sleep(LOOK_MS, signal).catch(() => undefined);
  }
}

/** From the beginning, as far as it is there. */
export async function readLogAgain(api: ClusterApi, { metadata }: Pod, log: PodLog): Promise<void> {
  const lines = api.podLog(metadata.name ?? '', { container: CONTAINER, timestamps: true });
  for await (const line of lines) log.take(line);
}

/**
 * Windows that were reported while nobody listened are in the log, unless its beginning was rotated
 * away: then the pod is given up, and the next one writes what the store does not hold.
 */
function assertWhole({ firstReport }: PodLog, pod: Pod): void {
  if (firstReport === undefined || firstReport === 'started') return;
  throw new EngineError('MOVER_FAILED', {
    where: { object: `pod ${pod.metadata.name ?? '?'}` },
    expected: 'its log from the beginning on, with the windows that nobody has read yet',
    found: 'a log whose beginning was rotated away',
    hint: 'The pod is stopped. What the store does not hold is written again by itself.',
    retry: 'later',
  });
}
