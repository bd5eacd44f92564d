/**
 * The probe: shows, before any byte of a VM is written, that a storage class keeps what a
 * VolumeSnapshot promises. probe-phases.ts says what it does; here it is driven from outside, one
 * phase a call (advanceProbe): the state is plain JSON, every phase is safe to repeat, so a probe
 * goes on after a crash, in another worker.
 */
import { EngineError, toEngineError } from '../errors';
import { probeIoOf } from './probe-io';
import {
  patternBytesOf,
  PHASE_WORDS,
  PHASES,
  Probe,
  type ProbeRequest,
  type ProbeState,
} from './probe-phases';
import { isPending, type Pending, type StorageClass, type Target } from './target';

export type { ProbePhase, ProbeRequest, ProbeState } from './probe-phases';

/** What a probe found. Rates are of one stream with a flush at its end. */
export interface ClassProof {
  readonly storageClass: string;
  readonly provedAt: string;
  /** Whether a VolumeSnapshot can be restored after its volume was removed. */
  readonly snapshotsOutliveVolume: boolean;
  readonly writeBytesPerSecond: number;
  readonly cutMs: number;
  readonly restoreMs: number;
  /** Image whose movers wrote and compared, where it was not the target's own. For a reader: the proof is the class's, whoever moved its bytes. */
  readonly moverImage?: string;
}

export type ProbeProgress =
  | {
      readonly probe: 'running';
      readonly state: ProbeState;
      readonly retryMs: number;
      readonly reason: string;
    }
  | { readonly probe: 'done'; readonly proof: ClassProof };

/**
 * Does the next phase of a probe, or looks whether it has ended. `state` is what the last call
 * answered; absent at the start.
 * @throws EngineError CLASS_NOT_FOUND; CLASS_WITHOUT_SNAPSHOTS naming the classes that would do;
 *   CLASS_PROBE_FAILED naming the phase; VOLUME_FULL and VOLUME_BUSY, which say nothing about the class
 */
export async function advanceProbe(
  target: Target,
  request: ProbeRequest,
  state: ProbeState = { phase: 'clear', phaseStartedAt: Date.now() },
): Promise<ProbeProgress> {
  const probe = new Probe(target, probeIoOf(target, request.moverImage), request);
  if (state.phase === 'clear') await assertDeclared(target, request.storageClass);
  const lateMs = Date.now() - state.phaseStartedAt - (request.phaseLimitMs ?? 600_000);
  let answer: Partial<ProbeState> | Pending;
  try {
    answer = await probe[state.phase](state);
    if (isPending(answer) && lateMs > 0)
      throw new EngineError('TIMED_OUT', { found: `still waiting for ${answer.reason}` });
  } catch (thrown) {
    answer = await probe.failed(state, toEngineError(thrown));
  }
  if (isPending(answer))
    return {
      probe: 'running',
      state,
      retryMs: answer.retryMs,
      reason: `${PHASE_WORDS[state.phase]}: ${answer.reason}`,
    };
  const found = { ...state, ...answer };
  const next = PHASES[PHASES.indexOf(state.phase) + 1];
  if (next === undefined) return { probe: 'done', proof: proofOf(request, found) };
  return {
    probe: 'running',
    state: { ...found, phase: next, phaseStartedAt: Date.now() },
    retryMs: 0,
    reason: PHASE_WORDS[next],
  };
}

/**
 * Removes the objects of probes that nobody goes on with, because the class was proved by another
 * one meanwhile. `Pending` while that takes its time. What was only half made goes with `cleanup`.
 * @throws EngineError VOLUME_IO, VOLUME_BUSY
 */
export async function clearProbes(
  target: Target,
  request: Omit<ProbeRequest, 'runId'>,
  runIds: readonly string[],
): Promise<Pending | undefined> {
  if (runIds.length === 0) return undefined;
  // A step that only waited had many claims: those that began a probe are known by what stands there.
  const { volumes, volumeSnapshots } = await target.inventory();
  const standing = new Set([
    ...volumes.map(volume => volume.mark.migrationId),
    ...volumeSnapshots.map(snapshot => snapshot.spec.migrationId),
    ...((await target.leftovers?.()) ?? []).map(leftover => leftover.migrationId),
  ]);
  let waiting: Pending | undefined;
  for (const runId of runIds.filter(id => standing.has(id))) {
    const cleared = await new Probe(target, probeIoOf(target), { ...request, runId }).clear();
    if (isPending(cleared)) waiting = cleared;
  }
  return waiting;
}

/** The whole probe in one call, for the CLI's doctor and tests. */
export async function proveClass(target: Target, request: ProbeRequest): Promise<ClassProof> {
  let progress = await advanceProbe(target, request);
  while (progress.probe === 'running') {
    const { retryMs, state } = progress;
    if (retryMs > 0) await new Promise(resolve => setTimeout(resolve, retryMs));
    progress = await advanceProbe(target, request, state);
  }
  return progress.proof;
}

/** @throws EngineError CLASS_NOT_FOUND, CLASS_WITHOUT_SNAPSHOTS */
async function assertDeclared(target: Target, name: string): Promise<StorageClass> {
  const { classes } = await target.capabilities();
  const found = classes.find(one => one.name === name);
  if (found === undefined) {
    throw new EngineError('CLASS_NOT_FOUND', {
      where: { object: target.name },
      expected: classes.map(one => one.name).join(', '),
      found: name,
    });
  }
  if (found.snapshots.how !== 'none') return found;
  const others = classes.filter(one => one.snapshots.how !== 'none').map(one => one.name);
  throw new EngineError('CLASS_WITHOUT_SNAPSHOTS', {
    where: { object: name },
    found: found.snapshots.reason,
    hint:
      others.length === 0
        ? `No class of target ${target.name} takes snapshots.`
        : `These classes do: ${others.join(', ')}.`,
  });
}

function proofOf(
  request: ProbeRequest,
  { writeMs, cutMs, restoreMs, snapshotsOutliveVolume }: ProbeState,
): ClassProof {
  return {
    storageClass: request.storageClass,
    provedAt: new Date().toISOString(),
    snapshotsOutliveVolume: snapshotsOutliveVolume ?? false,
    writeBytesPerSecond: Math.round((patternBytesOf(request) * 1000) / Math.max(1, writeMs ?? 1)),
    cutMs: cutMs ?? 0,
    restoreMs: restoreMs ?? 0,
    ...(request.moverImage === undefined ? {} : { moverImage: request.moverImage }),
  };
}
