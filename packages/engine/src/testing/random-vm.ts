/** A VM with a random life: writes, zeros, snapshots, reverts, disks added, removed and moved. The seed replays it. */
import { SECTOR_BYTES } from '../bytes';
import { seededNumbers } from './encoders/grains';
import { seededBytes } from './seeded-bytes';
import { VmBuilder, type TestDiskFormat } from './vm-builder';
import type { WrittenVm } from './write-vm-folder';

const FORMATS: readonly TestDiskFormat[] = [
  'hosted-sparse',
  'flat+se-sparse',
  'flat+cowd',
  'flat+hosted',
];
const MIB = 1024 * 1024;

export interface RandomVmOptions {
  readonly seed: number;
  /** Things that happen to it. */
  readonly events?: number;
  readonly maxDiskBytes?: number;
}

export function writeRandomVm(
  folder: string,
  { seed, events = 14, maxDiskBytes = 3 * MIB }: RandomVmOptions,
): WrittenVm {
  const random = seededNumbers(seed);
  const below = (limit: number) => random() % limit;
  const vm = new VmBuilder({
    folder,
    name: `random ${seed}`,
    displayName: `Random "${seed}" – ★`,
    seed,
  });
  const sizes = new Map<string, number>();
  let content = seed * 10_000;
  const addDisk = () => {
    const sizeBytes = (1 + below(maxDiskBytes / SECTOR_BYTES)) * SECTOR_BYTES;
    const key = vm.addDisk({
      format: FORMATS[below(FORMATS.length)] ?? 'hosted-sparse',
      sizeBytes,
    });
    sizes.set(key, sizeBytes);
  };
  const present = () => [...vm.current.keys()];
  const range = (key: string) => {
    const sectors = (sizes.get(key) ?? SECTOR_BYTES) / SECTOR_BYTES;
    const start = below(sectors);
    return {
      offset: start * SECTOR_BYTES,
      length: (1 + below(Math.min(600, sectors - start))) * SECTOR_BYTES,
    };
  };
  addDisk();
  for (let event = 0; event < events; event++) {
    const disks = present();
    const disk = disks[below(disks.length)];
    const dice = below(20);
    if (disk === undefined || (dice === 0 && disks.length < 3)) addDisk();
    else if (dice < 9) {
      const { offset, length } = range(disk);
      vm.write(disk, offset, seededBytes(length, (content += 1)));
    } else if (dice < 11) {
      const { offset, length } = range(disk);
      vm.writeZeros(disk, offset, length);
    } else if (dice < 16)
      vm.takeSnapshot(`S${vm.snapshots.length + 1} ${'äß字"|%'.slice(below(5))}`);
    else if (dice < 19) {
      const snapshot = vm.snapshots[below(vm.snapshots.length)];
      if (snapshot !== undefined) vm.revert(snapshot.uid);
    } else if (disks.length > 1 && vm.snapshots.length > 0) vm.removeDisk(disk);
  }
  if (vm.snapshots.length === 0) vm.takeSnapshot('the only one');
  return vm.finish();
}
