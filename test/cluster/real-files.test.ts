/**
 * Disks that nobody in this project wrote migrate onto the cluster as the bases of a VM; their deltas
 * are qemu-img's. Every VolumeSnapshot, restored and read by a foreign pod, is what qemu-img reads
 * of its chain. None of the referee's known faults (docs/validation.md) is in reach of these files.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { hasQemu, qemuContent, qemuImg, qemuIo } from '../../packages/engine/src/testing/qemu';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { describeWithOwnCluster } from '.';
import { digestsOf, digestsOfRestored } from './foreign-reader';
import { Lab, type LabEngine } from './lab';

const MIB = 1024 * 1024;
const REAL = path.resolve(__dirname, '../../../shared/fixtures/vmdk-real');
const REFUSED = ['go-vmdk-parser-invalid.vmdk', 'vmdk-forensic-ms3-win-descriptor-only.vmdk'];
const missing = [
  ...(existsSync(REAL) ? [] : ['../shared/fixtures/vmdk-real']),
  ...(hasQemu ? [] : ['qemu-img']),
];
const describeWithFiles = (name: string, body: () => void) =>
  missing.length === 0
    ? describeWithOwnCluster(name, body)
    : describe.skip(`${name} (skipped: there is no ${missing.join(', no ')})`, body);

describeWithFiles('real disks on the cluster', () => {
  const folder = tempFolder();
  let lab: Lab;
  let engine: LabEngine;
  beforeAll(async () => {
    lab = await Lab.open(folder);
    engine = await lab.engine();
    await lab.trustClass(engine);
  }, 300_000);
  afterAll(() => lab?.close());

  it('become VolumeSnapshots that read as qemu-img reads their chains', async () => {
    const vm = vmOf(
      lab.vmFolder('real'),
      readdirSync(REAL).filter(name => name.endsWith('.vmdk') && !REFUSED.includes(name)),
    );
    engine.fleet.start(1);
    const migration = await lab.start(engine, vm, { sampleWindows: 0 });
    await engine.test.until(migration, ['migrated'], 240_000);

    const report = await engine.test.engine.call('getReport', { migration });
    const cuts = [...report.snapshots.flatMap(({ disks }) => disks)].map(({ volumeSnapshot }) => ({
      name: volumeSnapshot.name,
      file: path.basename(volumeSnapshot.layerFile),
    }));
    const current = report.current.map(point => ({
      claim: point.volume ?? 'no volume',
      file: path.basename(point.layerFile),
    }));
    expect(cuts.map(({ file }) => file).sort()).toEqual(vm.snapshots.flat().sort());
    expect(current.map(({ file }) => file).sort()).toEqual([...vm.running].sort());
    const sizeOf = (file: string) => qemuContent(path.join(vm.folder, file)).length;
    const [restored, volumes] = await Promise.all([
      digestsOfRestored(
        lab.kubectl,
        'Block',
        cuts.map(({ name, file }) => ({ volumeSnapshot: name, sizeBytes: sizeOf(file) })),
      ),
      digestsOf(
        lab.kubectl,
        'Block',
        current.map(({ claim, file }) => ({ claim, sizeBytes: sizeOf(file) })),
      ),
    ]);
    const asQemu = ({ file }: { file: string }) => digestAsQemuReads(path.join(vm.folder, file));
    expect(restored).toEqual(cuts.map(asQemu));
    expect(volumes).toEqual(current.map(asQemu));
  }, 400_000);

  it.each(REFUSED)('%s is refused by name, and nothing is made', async name => {
    const vm = vmOf(lab.vmFolder(name), [name], 'no deltas');
    const before = await lab.kubectl.run(['get', 'pvc', '-o', 'name']);
    await expect(lab.start(engine, vm)).rejects.toMatchObject({
      message: expect.stringMatching(/vmdk/),
    });
    expect(await lab.kubectl.run(['get', 'pvc', '-o', 'name'])).toBe(before);
  });
});

interface FolderOfRealDisks {
  readonly folder: string;
  readonly displayName: string;
  /** Files of each snapshot, in its disks' order. */
  readonly snapshots: readonly (readonly string[])[];
  readonly running: readonly string[];
}

/** A VM with these disks: a snapshot that names them, and with deltas of qemu-img's a second one and what runs. */
function vmOf(
  folder: string,
  bases: readonly string[],
  how: 'with deltas' | 'no deltas' = 'with deltas',
): FolderOfRealDisks {
  mkdirSync(folder, { recursive: true });
  const displayName = path.basename(folder).replace(/\.vmdk$/, '');
  for (const base of bases) copyFileSync(path.join(REAL, base), path.join(folder, base));
  const first = how === 'with deltas' ? deltasOf(folder, bases, 1) : bases;
  const running = how === 'with deltas' ? deltasOf(folder, first, 2) : bases;
  const snapshots = how === 'with deltas' ? [bases, first] : [bases];
  const slot = (disk: number) => `scsi0:${disk}`;
  write(path.join(folder, `${displayName}.vmx`), [
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', '14'],
    ['displayName', displayName],
    ['scsi0.present', 'TRUE'],
    ...running.flatMap((file, disk): [string, string][] => [
      [`${slot(disk)}.present`, 'TRUE'],
      [`${slot(disk)}.fileName`, file],
    ]),
  ]);
  write(path.join(folder, `${displayName}.vmsd`), [
    ['.encoding', 'UTF-8'],
    ['snapshot.lastUID', String(snapshots.length)],
    ['snapshot.current', String(snapshots.length)],
    ...snapshots.flatMap((files, index): [string, string][] => [
      [`snapshot${index}.uid`, String(index + 1)],
      ...(index === 0 ? [] : [[`snapshot${index}.parent`, String(index)] as [string, string]]),
      [`snapshot${index}.filename`, `${displayName}-Snapshot${index + 1}.vmsn`],
      [`snapshot${index}.displayName`, `number ${index + 1}`],
      [`snapshot${index}.createTimeHigh`, '391000'],
      [`snapshot${index}.createTimeLow`, String(index + 1)],
      [`snapshot${index}.numDisks`, String(files.length)],
      ...files.flatMap((file, disk): [string, string][] => [
        [`snapshot${index}.disk${disk}.fileName`, file],
        [`snapshot${index}.disk${disk}.node`, slot(disk)],
      ]),
    ]),
    ['snapshot.numSnapshots', String(snapshots.length)],
  ]);
  return { folder, displayName, snapshots, running };
}

/** One for each parent, with data and zeros of its own, written by qemu-img and qemu-io. */
function deltasOf(folder: string, parents: readonly string[], generation: number): string[] {
  return parents.map((parent, index) => {
    const delta = `${parent.replace(/(-\d{6})?\.vmdk$/, '')}-00000${generation}.vmdk`;
    const file = path.join(folder, delta);
    // A name without a folder: it is written down as the parent's hint.
    qemuImg('create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-b', parent, file);
    qemuIo(file, `write -P ${16 * generation + index} ${4 * generation}k 8k`, 'write -z 32k 4k');
    return delta;
  });
}

function write(file: string, lines: readonly (readonly [string, string])[]): void {
  writeFileSync(file, lines.map(([key, value]) => `${key} = "${value}"\n`).join(''));
}

/** Of whole MiB, as the foreign reader reads; what follows the disk is zero. */
function digestAsQemuReads(file: string): string {
  const content = qemuContent(file);
  const padding = Buffer.alloc(Math.ceil(content.length / MIB) * MIB - content.length);
  return createHash('sha256').update(content).update(padding).digest('hex');
}
