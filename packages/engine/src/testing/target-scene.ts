/**
 * What the tests of a Target are played with: a harness over some place, the volume `web-0` in it,
 * and the calls that every test repeats.
 */
import { createCipheriv, createHash } from 'node:crypto';

import { EngineError } from '../errors';
import type { VolumeMark } from '../mover/mover';
import {
  isPending,
  type Pending,
  type Target,
  type Volume,
  type VolumeSnapshot,
  type VolumeSnapshotSpec,
  type VolumeSpec,
} from '../targets/target';

export interface TargetHarness {
  /** Over a place with nothing in it. */
  readonly target: Target;
  /** A class that takes snapshots. */
  readonly storageClass: string;
  /** Sizes that the tests use are multiples of this. */
  readonly sizeStepBytes: number;
  /** Another worker's Target over the same place. */
  another(): Target;
  write(volume: Volume, offset: number, bytes: Uint8Array): Promise<void>;
  readVolume(volume: Volume): Promise<Buffer>;
  /** By any means but the Target's own restore, where there is one. */
  readSnapshot(snapshot: VolumeSnapshot): Promise<Buffer>;
  /** Stands for a mover at work; the answer ends it. Absent: the platform itself refuses a second writer. */
  holdWriter?(volume: Volume): Promise<() => Promise<void>>;
  /**
   * A Target over the same place whose process dies at its `step`-th change: just before it, or
   * with the change half done or just done. Absent: the target makes no changes in several steps.
   */
  dyingAt?(step: number, how: 'before' | 'within'): { readonly target: Target; died(): boolean };
  /** Whatever lies around that belongs to no volume or VolumeSnapshot. */
  leftovers?(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const STORE = 'store-one';
export const ORIGIN = { vmId: 'vm', vmName: 'Web "1" ü', diskId: 'disk', diskLabel: 'scsi0:0' };

export function volumeSpec(
  harness: Pick<TargetHarness, 'storageClass' | 'sizeStepBytes'>,
  change: Partial<VolumeSpec> & { readonly storeId?: string } = {},
): VolumeSpec {
  const { storeId, ...rest } = change;
  const name = rest.name ?? 'web-0';
  return {
    name,
    storageClass: harness.storageClass,
    sizeBytes: Math.max(harness.sizeStepBytes, 1024 * 1024),
    mark: {
      storeId: storeId ?? STORE,
      migrationId: 'm1',
      volumeId: name,
      generation: 1,
      phase: 'empty',
      fence: 1,
    },
    origin: ORIGIN,
    ...rest,
  };
}

export function snapshotSpec(change: Partial<VolumeSnapshotSpec> = {}): VolumeSnapshotSpec {
  return {
    name: 'web-0-s1',
    volume: 'web-0',
    layerId: 'base',
    storeId: STORE,
    migrationId: 'm1',
    manifestDigest: 'manifest',
    receiptDigest: 'receipt',
    stateSizeBytes: 1024 * 1024,
    stateDigest: 'state',
    origin: ORIGIN,
    vmwareSnapshot: {
      id: '1',
      name: 'before "the" change',
      description: '',
      createdAtUs: 1_700_000_000_000_000,
    },
    ...change,
  };
}

/** Asks until it is no longer pending. */
export async function settled<T extends object | void>(
  call: () => Promise<T | Pending>,
): Promise<T> {
  for (;;) {
    const answer = await call();
    if (!isPending(answer)) return answer;
    await new Promise(resolve => setTimeout(resolve, Math.min(answer.retryMs, 50)));
  }
}

/** Pseudo-random bytes of a seed. */
export function bytesOf(seed: number, length: number): Buffer {
  const key = createHash('sha256').update(`bytes ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Compared by `equals`: a failing `toEqual` on a megabyte takes a minute to print. */
export function expectBytes(found: Buffer, expected: Buffer): void {
  expect(found.equals(expected)).toBe(true);
}

export type TargetScene = ReturnType<typeof targetScene>;

/** @param now the harness of the test that runs */
export function targetScene(now: () => TargetHarness) {
  const code = (call: () => Promise<unknown>): Promise<string> =>
    settled(call as () => Promise<object>).then(
      () => 'no error',
      error => (error instanceof EngineError ? error.code : String(error)),
    );

  const makeVolume = (change: Parameters<typeof volumeSpec>[1] = {}): Promise<Volume> =>
    settled(() => now().target.ensureVolume(volumeSpec(now(), change)));

  const markAs = async (
    volume: string,
    change: Partial<VolumeMark>,
    by = now().target,
  ): Promise<VolumeMark> => {
    const found = await by.findVolume(volume);
    if (found === undefined) throw new Error(`no volume ${volume}`);
    const next = { ...found.mark, ...change };
    await by.mark(volume, found.mark, next);
    return next;
  };

  /** A volume `web-0` that holds layer `base`: some bytes, a hole, some bytes at the end. */
  const makeHeldVolume = async (): Promise<{ volume: Volume; content: Buffer }> => {
    const volume = await makeVolume();
    const content = Buffer.alloc(volume.sizeBytes);
    bytesOf(1, 70_000).copy(content, 4096);
    bytesOf(2, 512).copy(content, volume.sizeBytes - 512);
    await markAs('web-0', { phase: 'writing', layerId: 'base' });
    await now().write(volume, 4096, content.subarray(4096, 4096 + 70_000));
    await now().write(volume, volume.sizeBytes - 512, content.subarray(-512));
    await markAs('web-0', { phase: 'holds', layerId: 'base' });
    return { volume, content };
  };

  const cut = (change: Partial<VolumeSnapshotSpec> = {}): Promise<VolumeSnapshot> =>
    settled(() => now().target.ensureVolumeSnapshot(snapshotSpec(change)));

  const restoredSpec = (change: Partial<VolumeSpec> = {}): VolumeSpec => {
    const spec = volumeSpec(now(), { name: 'web-0-b1', ...change });
    return { ...spec, mark: { ...spec.mark, phase: 'holds', layerId: 'base' } };
  };
  const restore = (change: Partial<VolumeSpec> = {}): Promise<Volume> =>
    settled(() => now().target.ensureVolumeFrom(restoredSpec(change), 'web-0-s1'));

  return { now, code, makeVolume, markAs, makeHeldVolume, cut, restoredSpec, restore };
}
