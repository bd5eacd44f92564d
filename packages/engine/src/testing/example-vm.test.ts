import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { MIB } from '../bytes';
import { vmDirectorySource } from '../sources/vm-directory/vm-directory-source';
import { writeExampleVm } from './example-vm';
import { describeWithQemu, qemuContent } from './qemu';
import { chainSha256 } from './source-suite';

describeWithQemu('the example VM, read by qemu-img', () => {
  it('has the content that the model says, in every state', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'example-qemu-'));
    try {
      const vm = writeExampleVm(folder, { diskBytes: 64 * MIB, seed: 7 });
      for (const { name, disks } of [...vm.snapshots, vm.current]) {
        for (const { slot, layerFile, sha256 } of disks) {
          const found = createHash('sha256')
            .update(qemuContent(path.join(folder, layerFile)))
            .digest('hex');
          expect([name, slot, found]).toEqual([name, slot, sha256()]);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the example VM', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'example-vm-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const vm = writeExampleVm(path.join(folder, 'vm'), { diskBytes: 64 * MIB });
  const source = vmDirectorySource({ name: 'test', folder });

  it('has six snapshots over three levels with one more fork, and no file is left over', async () => {
    const [summary] = await source.listVms();
    const tree = await source.loadTree(summary?.id ?? '');
    expect(tree.vm.name).toBe('Büro-Server "Alpha" – пример');
    expect(tree.snapshots.map(({ id, parentId, name }) => [id, parentId, name])).toEqual([
      ['1', undefined, '"Fresh install"'],
      ['2', '1', 'Before "5.0" upgrade'],
      ['3', '2', 'Datenbank dazu / база данных'],
      ['5', '3', 'nach dem Test 100 % grün'],
      ['6', '3', '本番前 ✓'],
      ['4', '2', 'Versuch: andere Bibliothek'],
    ]);
    expect(tree.current).toMatchObject({ snapshotId: '6', power: 'off' });
    expect(
      tree.disks.map(({ label, layers }) => [label, layers.map(({ format }) => format)]),
    ).toEqual([
      ['scsi0:0', Array(7).fill('hosted-sparse')],
      ['scsi0:1', ['flat', 'se-sparse', 'se-sparse', 'se-sparse']],
    ]);
    expect(tree.findings.map(({ id }) => id)).toEqual(['memory-not-carried:2']);
  });

  it('reads back as the model says, in every state', async () => {
    const [summary] = await source.listVms();
    const tree = await source.loadTree(summary?.id ?? '');
    for (const expected of [...vm.snapshots, vm.current]) {
      const found =
        expected.id === 'current'
          ? tree.current
          : tree.snapshots.find(({ id }) => id === expected.id);
      expect(found?.disks).toHaveLength(expected.disks.length);
      for (const disk of expected.disks) {
        const state = found?.disks.find(({ slot }) => slot === disk.slot);
        expect([
          expected.name,
          disk.slot,
          await chainSha256(source, tree, state?.layerId ?? ''),
        ]).toEqual([expected.name, disk.slot, disk.sha256()]);
      }
    }
  });

  it('is the same for the same seed', () => {
    const again = writeExampleVm(path.join(folder, 'again', 'vm'), { diskBytes: 64 * MIB });
    expect(again.current.disks.map(disk => disk.sha256())).toEqual(
      vm.current.disks.map(disk => disk.sha256()),
    );
  });
});
