/** A VM with a fork and a leaf on one disk, of a chosen weight: every kind of step, little to write. */
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';

const MIB = 1024 * 1024;

export interface SmallVmOptions {
  readonly seed: number;
  /** Data in the base; the disk has twice that, each of the four deltas a quarter. */
  readonly baseBytes?: number;
}

/** Points of it that `expectMigrated` compares. */
export const SMALL_VM_POINTS = 5;

export function writeSmallVm(folder: string, { seed, baseBytes = MIB }: SmallVmOptions): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'small', displayName: `small ${seed}`, seed });
  const disk = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: baseBytes * 2 });
  let stream = seed * 100;
  const write = (from: number, part: number) =>
    vm.write(
      disk,
      Math.floor(baseBytes * from),
      seededBytes(Math.floor(baseBytes * part), (stream += 1)),
    );
  write(0, 1);
  const first = vm.takeSnapshot('first');
  write(0.5, 0.25);
  vm.takeSnapshot('side');
  vm.revert(first);
  write(1, 0.25);
  vm.writeZeros(disk, 0, baseBytes / 8);
  vm.takeSnapshot('second');
  write(1.5, 0.25);
  vm.takeSnapshot('third');
  write(0.25, 0.25);
  return vm.finish();
}
