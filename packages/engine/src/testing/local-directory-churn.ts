/**
 * A program that works on a local directory without pause until it is killed: makes, writes, cuts,
 * restores and removes, chosen by its seed. Several run at once and die at random moments;
 * `assertWhole` then looks whether anything is there that may not be.
 *
 * The content of a layer follows from its id, so that everything can be judged without a record.
 */
import { readFile } from 'node:fs/promises';

import { EngineError } from '../errors';
import type { VolumeMark } from '../mover/mover';
import type { LocalDirectoryTarget } from '../targets/local-directory/local-directory-target';
import { tryWriterLock } from '../targets/local-directory/object-lock';
import { openLocalDirectory, writeBytes } from './local-directory-harness';
import { bytesOf, settled, snapshotSpec, volumeSpec } from './target-suite';

const SIZE_BYTES = 256 * 1024;
const STORE = 'store-one';
const CLASS = { storageClass: 'fast', sizeStepBytes: 512 };
const LAYERS = ['layer-1', 'layer-2', 'layer-3'];
const VOLUMES = ['v-0', 'v-1'];

export function layerContent(layerId: string): Buffer {
  return bytesOf(Number(layerId.slice(-1)), SIZE_BYTES);
}

/** What may come of a race between workers; everything else is a defect. */
const RACES = new Set(['VOLUME_BUSY', 'VOLUME_UNEXPECTED', 'VOLUME_MISSING']);

export async function churn(root: string, seed: number, rounds: number): Promise<void> {
  const target = openLocalDirectory(root, 'auto', { lockWaitMs: 50 });
  const random = generator(seed);
  for (let round = 0; round < rounds; round++) {
    await oneThing(target, random, seed * 1_000_000 + round).catch(error => {
      if (error instanceof EngineError && RACES.has(error.code)) return;
      throw error;
    });
  }
}

async function oneThing(
  target: LocalDirectoryTarget,
  random: (below: number) => number,
  fence: number,
): Promise<void> {
  const name = pick(VOLUMES, random);
  const layerId = pick(LAYERS, random);
  switch (random(5)) {
    case 0:
      await settled(() => target.ensureVolume(volumeSpec(CLASS, { name, sizeBytes: SIZE_BYTES })));
      return;
    case 1:
      return apply(target, name, layerId, fence);
    case 2: {
      const volume = await target.findVolume(name);
      if (volume?.mark.phase !== 'holds' || volume.mark.layerId === undefined) return;
      const held = volume.mark.layerId;
      await settled(() =>
        target.ensureVolumeSnapshot(
          snapshotSpec({ name: `${name}-${held}`, volume: name, layerId: held }),
        ),
      );
      return;
    }
    case 3: {
      const spec = volumeSpec(CLASS, { name: `${name}-b`, sizeBytes: SIZE_BYTES });
      const mark: VolumeMark = { ...spec.mark, phase: 'holds', layerId };
      await settled(() => target.ensureVolumeFrom({ ...spec, mark }, `${name}-${layerId}`));
      return;
    }
    default:
      if (random(2) === 0)
        await settled(() => target.remove('volume', pick([name, `${name}-b`], random), STORE));
      else await settled(() => target.remove('volume-snapshot', `${name}-${layerId}`, STORE));
  }
}

/** As a step and its mover do it: mark, lock, check the mark, write, let go, mark. */
async function apply(
  target: LocalDirectoryTarget,
  name: string,
  layerId: string,
  fence: number,
): Promise<void> {
  const volume = await target.findVolume(name);
  if (volume === undefined) return;
  const writing: VolumeMark = { ...volume.mark, phase: 'writing', layerId, fence };
  await target.mark(name, volume.mark, writing);
  const lock = await tryWriterLock(volume.address.lockPath ?? '').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (lock === undefined) return;
  try {
    const now = await target.findVolume(name);
    if (now?.mark.fence !== fence) return;
    await writeBytes(now.address.path, 0, layerContent(layerId));
  } finally {
    await lock.release();
  }
  await target.mark(name, writing, { ...writing, phase: 'holds' });
}

/** Everything that can be seen is whole. Answers how much was looked at. */
export async function assertWhole(root: string): Promise<number> {
  const { volumes, volumeSnapshots } = await openLocalDirectory(root, 'auto').inventory();
  for (const { name, mark, address, sizeBytes } of volumes) {
    const bytes = await readFile(address.path);
    if (bytes.length !== sizeBytes) throw new Error(`volume ${name} has ${bytes.length} bytes`);
    if (mark.phase === 'holds' && !bytes.equals(layerContent(mark.layerId ?? '')))
      throw new Error(`volume ${name} does not hold ${mark.layerId}`);
    if (mark.phase === 'empty' && !bytes.equals(Buffer.alloc(sizeBytes)))
      throw new Error(`volume ${name} is not empty`);
  }
  for (const { name, handle, spec } of volumeSnapshots) {
    const bytes = await readFile(handle);
    if (!bytes.equals(layerContent(spec.layerId)))
      throw new Error(`VolumeSnapshot ${name} does not hold ${spec.layerId}`);
  }
  return volumes.length + volumeSnapshots.length;
}

export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick(choices: readonly string[], random: (below: number) => number): string {
  const chosen = choices[random(choices.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
