import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { MIB } from '../../bytes';
import { seededBytes } from '../../testing/seeded-bytes';
import { chainSha256, describeSource } from '../../testing/source-suite';
import { VmBuilder, type TestDiskFormat, type VmFolderFiles } from '../../testing/vm-builder';
import type { WrittenVm } from '../../testing/write-vm-folder';
import type { SnapshotTree } from '../snapshot-tree';
import { vmDirectorySource, type VmDirectoryOptions } from './vm-directory-source';

describeSource('a folder', async folder => vmDirectorySource({ name: 'test', folder }));

const scratch = mkdtempSync(path.join(os.tmpdir(), 'vm-directory-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let counter = 0;
const newFolder = (): string => path.join(scratch, String((counter += 1)));

/** base (S1) <- -000001 (S2) <- -000002, current; each writes 64 KiB of its own. */
function linear(
  folder: string,
  name = 'vm',
  format: TestDiskFormat = 'flat+cowd',
  files?: VmFolderFiles,
): WrittenVm {
  const vm = new VmBuilder({ folder, name, seed: (counter += 1) });
  const disk = vm.addDisk({ format, sizeBytes: MIB });
  vm.write(disk, 0, seededBytes(65_536, 1));
  vm.takeSnapshot('first');
  vm.write(disk, 65_536, seededBytes(65_536, 2));
  vm.takeSnapshot('second');
  vm.write(disk, 131_072, seededBytes(65_536, 3));
  return vm.finish(files);
}

async function loadOnly(
  folder: string,
  options: Partial<VmDirectoryOptions> = {},
): Promise<SnapshotTree> {
  const source = vmDirectorySource({ name: 'test', folder, ...options });
  const [vm, ...others] = await source.listVms();
  expect(others).toEqual([]);
  return await source.loadTree(vm?.id ?? '');
}

const kinds = (tree: SnapshotTree): string[] => tree.findings.map(({ id }) => id);
const accesses = (tree: SnapshotTree): string[] =>
  tree.disks.flatMap(({ layers }) => layers.map(({ file, access }) => `${file} ${access}`));
const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(file, change(readFileSync(file, 'utf8')));

describe('history without a .vmsd', () => {
  it('comes from the files, named after them', async () => {
    const folder = newFolder();
    const vm = linear(folder, 'vm', 'flat+se-sparse', { vmsd: 'omit' });
    const source = vmDirectorySource({ name: 'test', folder });
    const [summary] = await source.listVms();
    const tree = await source.loadTree(summary?.id ?? '');
    expect(tree.snapshots.map(({ name }) => name)).toEqual(['vm.vmdk', 'vm-000001.vmdk']);
    expect(tree.snapshots.every(({ id }) => /^file-[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(tree.snapshots[1]?.parentId).toBe(tree.snapshots[0]?.id);
    expect(tree.current.snapshotId).toBe(tree.snapshots[1]?.id);
    expect(kinds(tree)).toEqual(['vmsd-missing:vmsd']);
    for (const [index, { disks }] of vm.snapshots.entries()) {
      expect(await chainSha256(source, tree, tree.snapshots[index]?.disks[0]?.layerId ?? '')).toBe(
        disks[0]?.sha256(),
      );
    }
  });

  it('is the same when the .vmsd is broken, and the finding names the line', async () => {
    const folder = newFolder();
    linear(folder);
    appendFileSync(path.join(folder, 'vm.vmsd'), 'garbage here\n');
    const tree = await loadOnly(folder);
    expect(tree.snapshots).toHaveLength(2);
    expect(tree.findings).toEqual([
      expect.objectContaining({
        id: 'vmsd-broken:vmsd',
        severity: 'warns',
        cause: expect.stringMatching(/line \d+.*garbage here/),
      }),
    ]);
  });

  it('says nothing when there never was a snapshot', async () => {
    const vm = new VmBuilder({ folder: newFolder(), name: 'plain' });
    vm.addDisk({ format: 'hosted-sparse', sizeBytes: MIB });
    const tree = await loadOnly(vm.finish().folder);
    expect([tree.snapshots, tree.findings]).toEqual([[], []]);
  });
});

describe('a chain without a .vmx', () => {
  it('is a VM named after its base, with the names of a .vmsd that is there', async () => {
    const folder = newFolder();
    linear(folder, 'lost', 'hosted-sparse', { vmx: 'omit' });
    const tree = await loadOnly(folder);
    expect(tree.vm.name).toBe('lost');
    expect(tree.snapshots.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(tree.current.disks[0]?.layerId).toBe(tree.disks[0]?.layers[2]?.id);
    expect(kinds(tree)).toEqual(['config-missing:vmx']);
  });

  it('is one VM for each base of the folder', async () => {
    const folder = newFolder();
    linear(folder, 'one', 'flat+hosted', { vmx: 'omit', vmsd: 'omit' });
    linear(folder, 'two', 'flat+cowd', { vmx: 'omit', vmsd: 'omit' });
    const source = vmDirectorySource({ name: 'test', folder });
    const vms = await source.listVms();
    expect(vms.map(({ name }) => name)).toEqual(['one', 'two']);
    const tree = await source.loadTree(vms[1]?.id ?? '');
    expect(tree.disks.map(({ rootFile, layers }) => [rootFile, layers.length])).toEqual([
      ['two.vmdk', 3],
    ]);
    expect(tree.snapshots).toHaveLength(2);
  });

  it('does not take what a guest wrote into a flat file for a descriptor', async () => {
    const vm = new VmBuilder({ folder: newFolder(), name: 'forger' });
    const disk = vm.addDisk({ format: 'flat+cowd', sizeBytes: MIB });
    vm.write(
      disk,
      0,
      Buffer.from(
        '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 8 FLAT "other.vmdk" 0\n',
      ),
    );
    const { folder } = vm.finish({ vmx: 'omit' });
    const vms = await vmDirectorySource({ name: 'test', folder }).listVms();
    expect(vms.map(({ name }) => name)).toEqual(['forger']);
  });
});

describe('the snapshots of a VM, counted', () => {
  it('are those of its own list; without one, or with a broken one, nobody knows', async () => {
    const folder = newFolder();
    linear(path.join(folder, 'listed'), 'listed');
    new VmBuilder({ folder: path.join(folder, 'none'), name: 'none', seed: 1 }).finish();
    writeFileSync(path.join(folder, 'none', 'none.vmsd'), '');
    linear(path.join(folder, 'omitted'), 'omitted', 'flat+cowd', { vmsd: 'omit' });
    linear(path.join(folder, 'broken'), 'broken');
    appendFileSync(path.join(folder, 'broken', 'broken.vmsd'), 'snapshot9.uid = "half\n');
    const source = vmDirectorySource({ name: 'test', folder });
    const counts: Record<string, number | null | undefined> = {};
    for (const { id, name } of await source.listVms())
      counts[name] = await source.countSnapshots?.(id);
    expect(counts).toEqual({ listed: 2, none: 0, omitted: null, broken: null });
  });
});

describe('files that are missing or damaged', () => {
  it('names the missing delta, everything that needs it, and keeps the rest', async () => {
    const folder = newFolder();
    linear(folder);
    rmSync(path.join(folder, 'vm-000001.vmdk'));
    const tree = await loadOnly(folder);
    expect(accesses(tree)).toEqual([
      'vm.vmdk frozen',
      'vm-000001.vmdk missing',
      'vm-000002.vmdk missing',
    ]);
    expect(tree.snapshots.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(kinds(tree)).toEqual(
      [
        'layer-missing:vm-000001.vmdk',
        'orphan-extent:vm-000001-delta.vmdk',
        'snapshot-incomplete:2',
      ].sort((a, b) => kinds(tree).indexOf(a) - kinds(tree).indexOf(b)),
    );
    expect(tree.findings.find(({ kind }) => kind === 'layer-missing')).toMatchObject({
      severity: 'blocks',
      acceptable: true,
      cause: expect.stringContaining('Needed by: second, the current state.'),
    });
  });

  it('names a missing base', async () => {
    const folder = newFolder();
    linear(folder);
    rmSync(path.join(folder, 'vm.vmdk'));
    const tree = await loadOnly(folder);
    expect(accesses(tree)).toEqual([
      'vm.vmdk missing',
      'vm-000001.vmdk missing',
      'vm-000002.vmdk missing',
    ]);
    expect(kinds(tree)).toEqual(
      expect.arrayContaining([
        'layer-missing:vm.vmdk',
        'snapshot-incomplete:1',
        'snapshot-incomplete:2',
      ]),
    );
  });

  it('keeps the place of a delta whose data is gone', async () => {
    const folder = newFolder();
    linear(folder, 'vm', 'flat+se-sparse');
    rmSync(path.join(folder, 'vm-000002-sesparse.vmdk'));
    const tree = await loadOnly(folder);
    expect(accesses(tree)).toEqual([
      'vm.vmdk frozen',
      'vm-000001.vmdk frozen',
      'vm-000002.vmdk missing',
    ]);
    expect(tree.disks[0]?.layers[2]?.parentId).toBe(tree.disks[0]?.layers[1]?.id);
    expect(kinds(tree)).toEqual(['layer-missing:vm-000002.vmdk']);
  });

  it('blocks on a parent that changed after the delta was made', async () => {
    const folder = newFolder();
    linear(folder);
    edit(path.join(folder, 'vm.vmdk'), text => text.replace(/^CID=.*$/m, 'CID=deadbeef'));
    const tree = await loadOnly(folder);
    expect(tree.findings).toEqual([
      expect.objectContaining({
        id: 'parent-changed:vm-000001.vmdk',
        severity: 'blocks',
        cause: expect.stringContaining('deadbeef'),
      }),
    ]);
  });

  it('ends on a loop of parents instead of following it', async () => {
    const folder = newFolder();
    linear(folder, 'vm', 'flat+se-sparse');
    edit(path.join(folder, 'vm-000001.vmdk'), text =>
      text.replace('parentFileNameHint="vm.vmdk"', 'parentFileNameHint="vm-000002.vmdk"'),
    );
    const tree = await loadOnly(folder);
    expect(
      tree.findings.some(
        ({ kind, cause }) => kind === 'layer-unreadable' && cause.includes('loop'),
      ),
    ).toBe(true);
    expect(tree.snapshots).toHaveLength(2);
  });

  it('refuses what leads out of the folder, and reads nothing there', async () => {
    const folder = newFolder();
    linear(path.join(folder, 'in', 'vm'));
    linear(path.join(folder, 'out'), 'secret');
    edit(path.join(folder, 'in', 'vm', 'vm.vmx'), text =>
      text.replace('"vm-000002.vmdk"', '"../../out/secret.vmdk"'),
    );
    const tree = await loadOnly(path.join(folder, 'in'));
    const finding = tree.findings.find(({ cause }) => cause.includes('leads out'));
    expect(finding).toMatchObject({ kind: 'layer-unreadable', severity: 'blocks' });
    expect(
      tree.disks.flatMap(({ layers }) => layers).find(({ file }) => file.includes('secret')),
    ).toMatchObject({ access: 'unsupported', sizeBytes: 0 });
  });

  it('reports a .vmx that is broken in the list, and refuses to load it with the line', async () => {
    const folder = newFolder();
    linear(folder);
    appendFileSync(path.join(folder, 'vm.vmx'), 'scsi0:1.fileName = "half\n');
    const source = vmDirectorySource({ name: 'test', folder });
    const [vm] = await source.listVms();
    expect(vm).toMatchObject({ name: 'vm', error: expect.stringContaining('line') });
    await expect(source.loadTree(vm?.id ?? '')).rejects.toMatchObject({
      code: 'VM_INVALID',
      where: { line: expect.any(Number) },
    });
  });
});

describe('snapshots of the .vmsd', () => {
  it('that cannot be used become findings by name', async () => {
    const folder = newFolder();
    linear(folder);
    edit(
      path.join(folder, 'vm.vmsd'),
      text =>
        `${text}snapshot7.displayName = "lost one"\nsnapshot8.uid = "50"\nsnapshot8.displayName = "no disks"\nsnapshot8.parent = "49"\n`,
    );
    const tree = await loadOnly(folder);
    expect(tree.findings.map(({ kind, object }) => [kind, object])).toEqual([
      ['snapshot-unplaced', 'lost one'],
      ['snapshot-parent-unknown', 'no disks'],
      ['snapshot-unplaced', 'no disks'],
      ['snapshot-count', 'the .vmsd'],
    ]);
  });

  it('that are their own ancestors are cut apart, and none is lost', async () => {
    const folder = newFolder();
    linear(folder);
    edit(path.join(folder, 'vm.vmsd'), text => `${text}snapshot0.parent = "2"\n`);
    const tree = await loadOnly(folder);
    expect(tree.snapshots.map(({ id, parentId }) => [id, parentId])).toEqual([
      ['1', undefined],
      ['2', '1'],
    ]);
    expect(kinds(tree)).toEqual(['snapshot-parent-unknown:1']);
  });

  it('leave deltas that no snapshot names any more: they stay in the chain', async () => {
    const vm = new VmBuilder({ folder: newFolder(), name: 'vm' });
    const disk = vm.addDisk({ format: 'flat+cowd', sizeBytes: MIB });
    const one = vm.takeSnapshot('one');
    vm.write(disk, 0, seededBytes(512, 1));
    const two = vm.takeSnapshot('two');
    vm.takeSnapshot('three');
    vm.revert(one);
    vm.forgetSnapshot(two);
    vm.forgetSnapshot(one);
    const tree = await loadOnly(vm.finish().folder);
    expect(kinds(tree)).toEqual(['consolidation-needed:scsi0:0']);
    vm.forgetSnapshot('3');
    vm.takeSnapshot('four');
    const again = await loadOnly(vm.finish().folder);
    expect(kinds(again).sort()).toEqual([
      'consolidation-needed:scsi0:0',
      'leftover-delta:vm-000001.vmdk',
      'leftover-delta:vm-000002.vmdk',
    ]);
    expect(again.disks[0]?.layers).toHaveLength(5);
  });

  it('find their disks on mapped datastores', async () => {
    const folder = newFolder();
    linear(path.join(folder, 'vm'));
    for (const file of ['vm.vmx', 'vm.vmsd'])
      edit(path.join(folder, 'vm', file), text =>
        text.replaceAll(/"(vm[-0-9]*\.vmdk)"/g, '"/vmfs/volumes/5f1c22aa-01/vm/$1"'),
      );
    const tree = await loadOnly(folder, { datastores: { '/vmfs/volumes/5f1c22aa-01': folder } });
    expect(accesses(tree)).toEqual([
      'vm.vmdk frozen',
      'vm-000001.vmdk frozen',
      'vm-000002.vmdk frozen',
    ]);
    expect(tree.findings).toEqual([]);
  });
});

describe('a VM that is not at rest', () => {
  it.each([
    [
      'an NFS lock',
      (folder: string) => writeFileSync(path.join(folder, '.lck-0a1b2c0000000000'), ''),
      'running',
    ],
    [
      'a lock file of ESXi',
      (folder: string) => writeFileSync(path.join(folder, 'vm.vmx.lck'), ''),
      'running',
    ],
    [
      'a lock folder of a disk',
      (folder: string) => lockFolder(folder, 'vm-000002.vmdk.lck', 'M1.lck'),
      'running',
    ],
    [
      'a suspend state in the .vmx',
      (folder: string) =>
        edit(path.join(folder, 'vm.vmx'), text =>
          text.replace('checkpoint.vmState = ""', 'checkpoint.vmState = "vm-11.vmss"'),
        ),
      'suspended',
    ],
    [
      'an unclean header',
      (folder: string) => markUnclean(path.join(folder, 'vm-000002-delta.vmdk')),
      'unclean',
    ],
  ])('is known by %s', async (_sign, apply, power) => {
    const folder = newFolder();
    linear(folder);
    apply(folder);
    const tree = await loadOnly(folder);
    expect(tree.current.power).toBe(power);
    expect(accesses(tree)).toEqual([
      'vm.vmdk frozen',
      'vm-000001.vmdk frozen',
      `vm-000002.vmdk ${power}`,
    ]);
    expect(kinds(tree)).toEqual(['current-not-frozen:current']);
  });

  it('is not made so by an empty lock folder, a lock of another VM, or an old suspend image', async () => {
    const folder = newFolder();
    linear(folder);
    mkdirSync(path.join(folder, 'vm.vmx.lck'));
    lockFolder(folder, 'other.vmx.lck', 'M1.lck');
    writeFileSync(path.join(folder, 'vm.vmss'), '');
    expect((await loadOnly(folder)).current.power).toBe('off');
  });

  it('keeps an unclean frozen layer and what stands on it from being read', async () => {
    const folder = newFolder();
    linear(folder);
    markUnclean(path.join(folder, 'vm-000001-delta.vmdk'));
    const tree = await loadOnly(folder);
    expect(accesses(tree)).toEqual([
      'vm.vmdk frozen',
      'vm-000001.vmdk unclean',
      'vm-000002.vmdk unclean',
    ]);
    expect(kinds(tree)).toEqual(['layer-unclean:vm-000001.vmdk', 'snapshot-incomplete:2']);
  });
});

describe('folders', () => {
  it('are searched for VMs to a bounded depth, without following links', async () => {
    const folder = newFolder();
    linear(path.join(folder, 'a', 'one'), 'one');
    linear(path.join(folder, 'b'), 'two');
    linear(path.join(folder, 'b', 'nested', 'three'), 'three');
    linear(path.join(folder, 'c', 'd', 'e', 'deep'), 'deep');
    symlinkSync(path.join(folder, 'a'), path.join(folder, 'link'));
    mkdirSync(path.join(folder, 'b', 'stray'), { recursive: true });
    cpSync(path.join(folder, 'b', 'two.vmdk'), path.join(folder, 'b', 'stray', 'two.vmdk'));
    const names = async (maxDepth: number) =>
      (await vmDirectorySource({ name: 'test', folder, maxDepth }).listVms())
        .map(({ name }) => name)
        .sort();
    expect(await names(3)).toEqual(['one', 'three', 'two']);
    expect(await names(4)).toEqual(['deep', 'one', 'three', 'two']);
  });

  it('with two VMs keep them apart', async () => {
    const folder = newFolder();
    linear(folder, 'one');
    linear(folder, 'two', 'hosted-sparse');
    const source = vmDirectorySource({ name: 'test', folder });
    for (const { id, name } of await source.listVms()) {
      const tree = await source.loadTree(id);
      expect(tree.disks.map(({ rootFile }) => rootFile)).toEqual([`${name}.vmdk`]);
      expect(tree.findings).toEqual([]);
    }
  });

  it('with disks that nothing names say so', async () => {
    const folder = newFolder();
    linear(folder);
    linear(path.join(folder, 'x'), 'spare');
    for (const file of ['spare.vmdk', 'spare-flat.vmdk'])
      renameSync(path.join(folder, 'x', file), path.join(folder, file));
    rmSync(path.join(folder, 'x'), { recursive: true });
    writeFileSync(path.join(folder, 'vm-ctk.vmdk'), 'ignored');
    expect(kinds(await loadOnly(folder))).toEqual(['unattached-disk:spare.vmdk']);
  });

  it('give a VM the same id from another process, and an address without a listing', async () => {
    const folder = newFolder();
    linear(folder);
    const [vm] = await vmDirectorySource({ name: 'a', folder }).listVms();
    const fresh = vmDirectorySource({ name: 'b', folder });
    expect(await fresh.address(vm?.id ?? '')).toMatchObject({ kind: 'vm-directory', folder });
    expect((await fresh.loadTree(vm?.id ?? '')).vm.id).toBe(vm?.id);
  });

  it('that are missing are an error that names the source', async () => {
    await expect(
      vmDirectorySource({ name: 'nas', folder: path.join(scratch, 'nowhere') }).listVms(),
    ).rejects.toMatchObject({ code: 'FILE_MISSING', where: { object: 'source nas' } });
  });
});

describe('a linked clone', () => {
  /** `master` with one snapshot; `clone` stands on the frozen base of it, with a disk of the same name. */
  function linkedClone(folder: string): void {
    linear(path.join(folder, 'pool', 'master'), 'vm', 'flat+se-sparse');
    linear(path.join(folder, 'clones', 'clone'), 'vm', 'flat+se-sparse');
    const clone = (file: string): string => path.join(folder, 'clones', 'clone', file);
    for (const file of ['vm.vmdk', 'vm-flat.vmdk']) rmSync(clone(file));
    const cid =
      /^CID=(.*)$/m.exec(
        readFileSync(path.join(folder, 'pool', 'master', 'vm.vmdk'), 'utf8'),
      )?.[1] ?? '';
    edit(clone('vm-000001.vmdk'), text =>
      text
        .replace(/^parentCID=.*$/m, `parentCID=${cid}`)
        .replace(
          'parentFileNameHint="vm.vmdk"',
          'parentFileNameHint="/vmfs/volumes/ds1/master/vm.vmdk"',
        ),
    );
    edit(clone('vm.vmsd'), text =>
      text.replaceAll('"vm.vmdk"', '"/vmfs/volumes/ds1/master/vm.vmdk"'),
    );
    rmSync(clone('vm.vmsd'));
  }

  it('takes its base from another root and says so', async () => {
    const folder = newFolder();
    linkedClone(folder);
    const tree = await loadOnly(path.join(folder, 'clones'), {
      datastores: { '/vmfs/volumes/ds1': path.join(folder, 'pool') },
    });
    const [base, ...own] = tree.disks[0]?.layers ?? [];
    expect(base).toMatchObject({
      file: path.join(folder, 'pool', 'master', 'vm.vmdk'),
      shared: true,
      access: 'frozen',
    });
    expect(own.map(({ file, shared }) => [file, shared])).toEqual([
      ['vm-000001.vmdk', undefined],
      ['vm-000002.vmdk', undefined],
    ]);
    expect(tree.snapshots.map(({ name }) => name)).toEqual(['vm-000001.vmdk']);
    expect(kinds(tree)).toEqual(
      expect.arrayContaining([`shared-base:${path.join(folder, 'pool', 'master', 'vm.vmdk')}`]),
    );
  });

  it('without that root is a chain that lacks its base', async () => {
    const folder = newFolder();
    linkedClone(folder);
    const tree = await loadOnly(path.join(folder, 'clones'));
    expect(tree.disks[0]?.layers.every(({ access }) => access !== 'frozen')).toBe(true);
    expect(tree.findings.some(({ severity }) => severity === 'blocks')).toBe(true);
  });
});

function lockFolder(folder: string, name: string, file: string): void {
  mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, name, file), '');
}

/** COWD: uncleanShutdown at 1648. */
function markUnclean(file: string): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(1, 1648);
  writeFileSync(file, bytes);
}
