/**
 * The VM of the demo: small enough to be written in a moment, and with everything in it that makes
 * a history hard. Deterministic: the same size and seed give the same bytes.
 *
 *   1 "Fresh install"                       scsi0:0
 *   └ 2 Before "5.0" upgrade                scsi0:0            with memory
 *     ├ 3 Datenbank dazu / база данных      scsi0:0, scsi0:1   the second disk came after 2
 *     │ ├ 5 nach dem Test 100 % grün        scsi0:0, scsi0:1   a leaf: nothing was written after it
 *     │ └ 6 本番前 ✓                         scsi0:0, scsi0:1   <- current, with changes since
 *     └ 4 Versuch: andere Bibliothek        scsi0:0            a side branch
 */
import { MIB, SECTOR_BYTES } from '../bytes';
import { seededBytes } from './seeded-bytes';
import { VmBuilder } from './vm-builder';
import type { WrittenVm } from './write-vm-folder';

export interface ExampleVmOptions {
  /** Of the first disk; the second has the same. A multiple of 1 MiB, at least 64 MiB. */
  readonly diskBytes?: number;
  readonly seed?: number;
  readonly name?: string;
}

/** Writes the folder; digests of all states are worked out when they are asked for. */
export function writeExampleVm(
  folder: string,
  { diskBytes = 256 * MIB, seed = 1, name = 'Beispiel VM' }: ExampleVmOptions = {},
): WrittenVm {
  if (diskBytes < 64 * MIB || diskBytes % MIB !== 0)
    throw new RangeError('diskBytes: a multiple of 1 MiB, at least 64 MiB');
  const vm = new VmBuilder({ folder, name, displayName: 'Büro-Server "Alpha" – пример', seed });
  const scale = diskBytes / (256 * MIB);
  let stream = seed * 1000;
  /** Runs of data spread over the disk; offsets and lengths are whole sectors. */
  const fill = (disk: string, runs: number, runBytes: number, from: number, to: number): void => {
    const length = Math.max(
      SECTOR_BYTES,
      Math.floor((runBytes * scale) / SECTOR_BYTES) * SECTOR_BYTES,
    );
    for (let run = 0; run < runs; run++) {
      const place = diskBytes * (from + ((to - from) * run) / runs);
      vm.write(
        disk,
        Math.floor(place / SECTOR_BYTES) * SECTOR_BYTES,
        seededBytes(length, (stream += 1)),
      );
    }
  };

  const system = vm.addDisk({ format: 'hosted-sparse', sizeBytes: diskBytes, slot: 'scsi0:0' });
  fill(system, 12, 1.5 * MIB, 0, 0.6);
  vm.takeSnapshot('"Fresh install"', {
    description: 'Straight from the installer.\nNo updates yet.',
    quiesced: true,
  });
  fill(system, 8, 0.5 * MIB, 0.05, 0.7);
  vm.writeZeros(system, diskBytes / 16, MIB);
  const beforeUpgrade = vm.takeSnapshot('Before "5.0" upgrade', {
    description: 'with | bars and 50 % of the disk',
    memory: true,
  });

  const database = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: diskBytes, slot: 'scsi0:1' });
  fill(database, 10, MIB, 0.1, 0.9);
  fill(system, 4, 0.25 * MIB, 0.3, 0.5);
  const withDatabase = vm.takeSnapshot('Datenbank dazu / база данных');

  vm.revert(beforeUpgrade);
  fill(system, 6, 0.5 * MIB, 0.2, 0.8);
  vm.writeZeros(system, diskBytes / 4, 2 * MIB);
  vm.takeSnapshot('Versuch: andere Bibliothek', { description: 'side branch' });

  vm.revert(withDatabase);
  fill(database, 5, 0.5 * MIB, 0.15, 0.85);
  vm.writeZeros(database, diskBytes / 8, MIB);
  fill(system, 3, 0.25 * MIB, 0.6, 0.9);
  vm.takeSnapshot('nach dem Test 100 % grün', { description: 'leaf' });

  vm.revert(withDatabase);
  fill(system, 4, 0.5 * MIB, 0.1, 0.95);
  fill(database, 4, 0.25 * MIB, 0.4, 0.6);
  vm.writeZeros(database, diskBytes / 2, MIB);
  vm.takeSnapshot('本番前 ✓', { quiesced: false });
  fill(system, 2, 0.25 * MIB, 0.5, 0.7);
  fill(database, 2, 0.25 * MIB, 0.7, 0.8);
  return vm.finish();
}
