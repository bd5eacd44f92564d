/**
 * What a probe of a storage class does, one method a phase: write a pattern, cut, overwrite, restore,
 * compare, overwrite the restored volume too, remove both volumes, restore again, compare, remove
 * all. prove-class.ts calls them in this order.
 */
import { createHash } from 'node:crypto';

import { MIB } from '../bytes';
import { EngineError } from '../errors';
import type { VolumeMark } from '../mover/mover';
import type { ProbeComparison, ProbeIo } from './probe-io';
import type { ProbePattern } from './probe-pattern';
import { isPending, type Pending, type Target, type Volume, type VolumeSpec } from './target';

export interface ProbeRequest {
  readonly storageClass: string;
  readonly storeId: string;
  /** Unique for one probe and the same when it is resumed; names its objects. */
  readonly runId: string;
  /** Probes given up in whose place this one is: what they left is cleared first. */
  readonly earlierRunIds?: readonly string[];
  /** A multiple of 1 MiB. Absent: 64 MiB. */
  readonly patternBytes?: number;
  /** Image of the movers that this is done for; absent: the target's own. */
  readonly moverImage?: string;
  /** A phase that takes longer has failed. Absent: ten minutes. */
  readonly phaseLimitMs?: number;
}

export type ProbePhase = (typeof PHASES)[number];

/** Plain JSON; times in ms since 1970, because a probe outlives its process. */
export interface ProbeState {
  readonly phase: ProbePhase;
  readonly phaseStartedAt: number;
  readonly writeMs?: number;
  readonly cutMs?: number;
  readonly restoreMs?: number;
  readonly snapshotsOutliveVolume?: boolean;
}

export const PHASES = [
  'clear',
  'create',
  'write',
  'cut',
  'overwrite',
  'restore',
  'compare',
  'overwrite-restored',
  'remove-volume',
  'restore-again',
  'remove-all',
] as const;

/** What it is doing, for a person. */
export const PHASE_WORDS: Readonly<Record<ProbePhase, string>> = {
  clear: 'clearing what an earlier probe left',
  create: 'making a volume',
  write: 'writing a pattern',
  cut: 'taking a VolumeSnapshot',
  overwrite: 'overwriting the volume',
  restore: 'restoring the VolumeSnapshot',
  compare: 'comparing the restored volume with the pattern',
  'overwrite-restored': 'overwriting the restored volume',
  'remove-volume': 'removing the volumes',
  'restore-again': 'restoring the VolumeSnapshot without its volume, and comparing',
  'remove-all': 'removing all',
};

export function patternBytesOf({ patternBytes }: ProbeRequest): number {
  return patternBytes ?? 64 * MIB;
}

type PhaseAnswer = Promise<Partial<ProbeState> | Pending>;

/** One method a phase; each finds the world as the phases before it left it, or as a crash within itself did. */
export class Probe implements Record<ProbePhase, (state: ProbeState) => PhaseAnswer> {
  private readonly volume: string;
  private readonly restored: string;
  private readonly restoredAgain: string;
  private readonly snapshot: string;
  private readonly first: ProbePattern;
  private readonly second: ProbePattern;

  constructor(
    private readonly target: Target,
    private readonly io: ProbeIo,
    private readonly request: ProbeRequest,
  ) {
    const tag = createHash('sha256')
      .update(JSON.stringify([request.storeId, request.storageClass, request.runId]))
      .digest('hex')
      .slice(0, 16);
    this.volume = `vmm-probe-${tag}`;
    this.restored = `${this.volume}-r1`;
    this.restoredAgain = `${this.volume}-r2`;
    this.snapshot = `${this.volume}-s`;
    const lengthBytes = patternBytesOf(request);
    this.first = { seed: `${tag} first`, lengthBytes };
    this.second = { seed: `${tag} second`, lengthBytes };
  }

  async clear(): PhaseAnswer {
    const { earlierRunIds = [], ...request } = this.request;
    let waiting: Partial<ProbeState> | Pending = {};
    for (const runId of earlierRunIds) {
      const cleared = await new Probe(this.target, this.io, { ...request, runId }).removeAll();
      if (isPending(cleared)) waiting = cleared;
    }
    const own = await this.removeAll();
    return isPending(own) ? own : waiting;
  }

  async create(): PhaseAnswer {
    return settled(await this.target.ensureVolume(this.spec(this.volume, { phase: 'empty' })));
  }

  async write(): PhaseAnswer {
    const volume = await this.present(this.volume);
    await this.mark(volume, { phase: 'writing', layerId: 'first' });
    const written = await this.io.write(volume, this.first);
    if (isPending(written)) return written;
    await this.mark(volume, { phase: 'holds', layerId: 'first' });
    return { writeMs: written.durationMs };
  }

  async cut({ phaseStartedAt }: ProbeState): PhaseAnswer {
    const { storeId, runId } = this.request;
    const cut = await this.target.ensureVolumeSnapshot({
      name: this.snapshot,
      volume: this.volume,
      layerId: 'first',
      storeId,
      migrationId: runId,
      manifestDigest: 'probe',
      receiptDigest: 'probe',
      stateSizeBytes: this.first.lengthBytes,
      stateDigest: 'probe',
      origin: PROBE_ORIGIN,
    });
    return isPending(cut) ? cut : { cutMs: Date.now() - phaseStartedAt };
  }

  async overwrite(): PhaseAnswer {
    return this.overwriteWithSecond(this.volume);
  }

  async restore({ phaseStartedAt }: ProbeState): PhaseAnswer {
    const restored = await this.target.ensureVolumeFrom(
      this.spec(this.restored, { phase: 'holds', layerId: 'first' }),
      this.snapshot,
    );
    return isPending(restored) ? restored : { restoreMs: Date.now() - phaseStartedAt };
  }

  async compare(): PhaseAnswer {
    const restored = await this.io.compare(await this.present(this.restored), this.first);
    if (isPending(restored)) return restored;
    assertEqual(restored, 'what was written before the VolumeSnapshot, in the restored volume');
    const overwritten = await this.io.compare(await this.present(this.volume), this.second);
    if (isPending(overwritten)) return overwritten;
    assertEqual(overwritten, 'what was written after the VolumeSnapshot, in the volume');
    return {};
  }

  async 'overwrite-restored'(): PhaseAnswer {
    return this.overwriteWithSecond(this.restored);
  }

  async 'remove-volume'(): PhaseAnswer {
    return this.removeVolumes([this.volume, this.restored]);
  }

  async 'restore-again'(state: ProbeState): PhaseAnswer {
    if (state.snapshotsOutliveVolume === false) return {}; // the volume would not go
    const restored = await this.target.ensureVolumeFrom(
      this.spec(this.restoredAgain, { phase: 'holds', layerId: 'first' }),
      this.snapshot,
    );
    if (isPending(restored)) {
      assertRestoresLikeBefore(state, restored);
      return restored;
    }
    const compared = await this.io.compare(restored, this.first);
    return isPending(compared) ? compared : { snapshotsOutliveVolume: compared.equal };
  }

  /**
   * After a restore that failed a cluster may hold the VolumeSnapshot for minutes. Its removal is
   * asked for, and nobody waits for it: the name is this probe's alone.
   */
  async 'remove-all'({ snapshotsOutliveVolume }: ProbeState): PhaseAnswer {
    const volumes = await this.removeVolumes(this.volumes());
    if (isPending(volumes)) return volumes;
    const snapshot = await this.removeSnapshot();
    return snapshotsOutliveVolume === false ? {} : snapshot;
  }

  /** Says what a failure means: nothing, that snapshots die with their volume, or that the class is no good. */
  async failed({ phase }: ProbeState, error: EngineError): PhaseAnswer {
    if (error.code === 'VOLUME_FULL' || error.code === 'VOLUME_BUSY') throw error;
    if (phase === 'remove-volume' || phase === 'restore-again')
      return { snapshotsOutliveVolume: false };
    await this.removeAll().catch(() => undefined); // the next probe clears what this could not
    throw new EngineError('CLASS_PROBE_FAILED', {
      where: { object: this.request.storageClass },
      expected: `${PHASE_WORDS[phase]} (phase ${phase}) to work`,
      found: error.message,
      hint: 'Nothing of the VM was written. Mend the class, or choose another one.',
      cause: error,
    });
  }

  private async overwriteWithSecond(name: string): PhaseAnswer {
    const volume = await this.present(name);
    await this.mark(volume, { phase: 'writing', layerId: 'second' });
    const written = await this.io.write(volume, this.second);
    if (isPending(written)) return written;
    await this.mark(volume, { phase: 'holds', layerId: 'second' });
    return {};
  }

  private async removeAll(): PhaseAnswer {
    const volumes = await this.removeVolumes(this.volumes());
    return isPending(volumes) ? volumes : this.removeSnapshot();
  }

  private volumes(): readonly string[] {
    return [this.restoredAgain, this.restored, this.volume];
  }

  private async removeSnapshot(): PhaseAnswer {
    const { storeId } = this.request;
    return (await this.target.remove('volume-snapshot', this.snapshot, storeId)) ?? {};
  }

  private async removeVolumes(names: readonly string[]): PhaseAnswer {
    let waiting: Pending | undefined;
    for (const name of names)
      waiting = (await this.target.remove('volume', name, this.request.storeId)) ?? waiting;
    return waiting ?? {};
  }

  private async present(name: string): Promise<Volume> {
    const volume = await this.target.findVolume(name);
    if (volume !== undefined) return volume;
    throw new EngineError('VOLUME_MISSING', {
      where: { object: name },
      expected: 'the volume of the probe',
      found: 'nothing',
    });
  }

  private async mark(
    { name }: Volume,
    change: Pick<VolumeMark, 'phase' | 'layerId'>,
  ): Promise<void> {
    const { mark } = await this.present(name);
    await this.target.mark(name, mark, { ...mark, ...change });
  }

  private spec(name: string, first: Pick<VolumeMark, 'phase' | 'layerId'>): VolumeSpec {
    const { storageClass, storeId, runId } = this.request;
    return {
      name,
      storageClass,
      sizeBytes: this.first.lengthBytes,
      mark: { storeId, migrationId: runId, volumeId: name, generation: 1, fence: 0, ...first },
      origin: PROBE_ORIGIN,
    };
  }
}

const PROBE_ORIGIN = {
  vmId: 'probe',
  vmName: 'probe',
  diskId: 'probe',
  diskLabel: 'probe',
} as const;

/**
 * A cluster tries for ever to restore what is no more. What took seconds with the volume there will
 * not come without it after ten times that, and a minute at least.
 * @throws EngineError TIMED_OUT
 */
function assertRestoresLikeBefore({ phaseStartedAt, restoreMs }: ProbeState, now: Pending): void {
  const limitMs = Math.max(60_000, 10 * (restoreMs ?? 0));
  if (Date.now() - phaseStartedAt > limitMs)
    throw new EngineError('TIMED_OUT', { found: `still waiting for ${now.reason}` });
}

function settled(answer: object): Partial<ProbeState> | Pending {
  return isPending(answer) ? answer : {};
}

function assertEqual(comparison: ProbeComparison, expected: string): void {
  if (comparison.equal) return;
  throw new EngineError('VERIFY_MISMATCH', {
    where: { offsetBytes: comparison.offsetBytes },
    expected,
    found: 'other bytes',
  });
}
