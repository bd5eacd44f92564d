/**
 * The end of every migration test: each VolumeSnapshot, opened as the plain file that it is, holds
 * exactly what the naive model of the VM says, and so does the main volume of each disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { Engine } from '../engine';
import type { ExpectedDisk, WrittenVm } from './write-vm-folder';

/** Compares everything; answers how many points were compared. `currentMigrated`: the tip was readable. */
export async function expectMigrated(
  engine: Engine,
  migration: string,
  vm: WrittenVm,
  classFolder: string,
): Promise<number> {
  const report = await engine.call('getReport', { migration });
  const problems: string[] = [];
  let compared = 0;
  for (const state of vm.snapshots) {
    const snapshot = report.snapshots.find(candidate => candidate.id === state.id);
    if (snapshot === undefined) {
      problems.push(`snapshot ${state.name} is not in the report`);
      continue;
    }
    for (const disk of state.disks) {
      const matching = snapshot.disks.filter(
        candidate => path.basename(candidate.volumeSnapshot.layerFile) === disk.layerFile,
      );
      if (matching.length !== 1) {
        problems.push(`${state.name} ${disk.slot}: ${matching.length} VolumeSnapshots`);
        continue;
      }
      const cut = matching[0]?.volumeSnapshot;
      compared += 1;
      const image = path.join(classFolder, 'snapshots', cut?.name ?? '', 'disk.img');
      const difference = await differenceOf(image, disk);
      if (difference !== undefined)
        problems.push(`${state.name} ${disk.slot} (${cut?.name}): ${difference}`);
    }
  }
  for (const disk of vm.current.disks) {
    const point = report.current.find(
      candidate => path.basename(candidate.layerFile) === disk.layerFile,
    );
    if (point?.volume == null) {
      problems.push(`current ${disk.slot}: no volume`);
      continue;
    }
    compared += 1;
    const difference = await differenceOf(
      path.join(classFolder, 'volumes', point.volume, 'disk.img'),
      disk,
    );
    if (difference !== undefined)
      problems.push(`current ${disk.slot} (${point.volume}): ${difference}`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return compared;
}

/** The state's own bytes equal the model's, and what follows reads zero. */
async function differenceOf(image: string, disk: ExpectedDisk): Promise<string | undefined> {
  const hash = createHash('sha256');
  let left = disk.sizeBytes;
  try {
    for await (const chunk of createReadStream(image, { highWaterMark: 1024 * 1024 })) {
      const bytes = chunk as Buffer;
      const own = Math.min(left, bytes.length);
      hash.update(bytes.subarray(0, own));
      left -= own;
      if (own < bytes.length && bytes.subarray(own).some(byte => byte !== 0))
        return 'the tail after the state is not zero';
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (left > 0) return `${left} bytes short`;
  const found = hash.digest('hex');
  const expected = disk.sha256();
  return found === expected
    ? undefined
    : `sha256 ${found.slice(0, 12)}, expected ${expected.slice(0, 12)}`;
}
