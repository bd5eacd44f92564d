/**
 * What every Source must do, whatever it reads from. A Source's own test calls `describeSource` with
 * a way to bring VMs to it; the VMs are built here, and the model of the builder is the judge.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { MIB } from '../bytes';
import { LayerChain } from '../formats/layer-chain';
import { measureOwnBytes } from '../sources/measure-own-bytes';
import { openSource } from '../sources/open-source';
import type { Disk, SnapshotTree } from '../sources/snapshot-tree';
import type { Source, SourceAddress } from '../sources/source';
import { seededNumbers } from './encoders/grains';
import { seededBytes } from './seeded-bytes';
import { VmBuilder, type TestDiskFormat } from './vm-builder';
import type { ExpectedState, WrittenVm } from './write-vm-folder';

/** Makes a Source that sees the VMs in a folder. */
export type SourceMaker = (folder: string) => Promise<Source>;

const FORMATS: readonly TestDiskFormat[] = [
  'hosted-sparse',
  'flat+se-sparse',
  'flat+cowd',
  'flat+hosted',
];

export function describeSource(name: string, make: SourceMaker): void {
  describe(`${name} as a Source`, () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'source-suite-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each(FORMATS)('gives every state of a %s disk, byte for byte', async format => {
      const vm = forkedVm(path.join(folder, `fork ${format}`), format);
      const { source, tree } = await load(make, vm);
      await expectStates(source, tree, vm);
    });

    it('gives disks that were added, removed and moved', async () => {
      const vm = changingVm(path.join(folder, 'changing'));
      const { source, tree } = await load(make, vm);
      await expectStates(source, tree, vm);
      expect(tree.findings.map(({ kind }) => kind)).toContain('disk-removed');
    });

    it('gives every state of random VMs', async () => {
      const first = Number(process.env['SOURCE_SEED'] ?? Date.now() % 1_000_000);
      for (let seed = first; seed < first + 6; seed++) {
        try {
          const vm = randomVm(path.join(folder, `random ${seed}`), seed);
          const { source, tree } = await load(make, vm);
          await expectStates(source, tree, vm);
        } catch (error) {
          throw new Error(`SOURCE_SEED=${seed} replays this`, { cause: error });
        }
      }
    });

    it('puts parents before children in every list', async () => {
      const { tree } = await load(make, forkedVm(path.join(folder, 'order'), 'flat+cowd'));
      expectParentsFirst(tree.snapshots.map(({ id, parentId }) => ({ id, parentId })));
      for (const disk of tree.disks)
        expectParentsFirst(disk.layers.map(({ id, parentId }) => ({ id, parentId })));
    });

    it('gives the same tree twice, as plain JSON', async () => {
      const { source, tree } = await load(
        make,
        forkedVm(path.join(folder, 'twice'), 'flat+hosted'),
      );
      expect(await source.loadTree(tree.vm.id)).toEqual(tree);
      expect(JSON.parse(JSON.stringify(tree))).toEqual(tree);
    });

    it('gives an address from which another process opens the same layers', async () => {
      const { source, tree } = await load(
        make,
        forkedVm(path.join(folder, 'address'), 'hosted-sparse'),
      );
      const address = JSON.parse(JSON.stringify(await source.address(tree.vm.id))) as SourceAddress;
      const opened = openSource(address);
      for (const { file, manifest } of tree.disks.flatMap(({ layers }) => layers)) {
        const layer = await opened.openLayer(file);
        expect(await layer.manifest()).toEqual(manifest);
        await layer.close();
      }
    });

    it('refuses an id that it does not know', async () => {
      const { source } = await load(make, forkedVm(path.join(folder, 'unknown'), 'flat+cowd'));
      await expect(source.loadTree('0123456789abcdef')).rejects.toMatchObject({
        code: 'VM_NOT_FOUND',
      });
      await expect(source.address('0123456789abcdef')).rejects.toMatchObject({
        code: 'VM_NOT_FOUND',
      });
    });

    it('marks the tip of a running VM and leaves the frozen layers readable', async () => {
      const vm = new VmBuilder({ folder: path.join(folder, 'running'), name: 'running' });
      const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: MIB });
      vm.write(disk, 0, seededBytes(70_000, 1));
      vm.takeSnapshot('frozen');
      vm.write(disk, 100_000, seededBytes(70_000, 2));
      vm.powerOn();
      const { tree } = await load(make, vm.finish());
      expect(tree.current.power).toBe('running');
      expect(tree.disks[0]?.layers.map(({ access }) => access)).toEqual(['frozen', 'running']);
      expect(tree.findings).toEqual([
        expect.objectContaining({
          kind: 'current-not-frozen',
          severity: 'blocks',
          acceptable: true,
        }),
      ]);
    });

    it('counts what a layer itself states, data and explicit zeros', async () => {
      const vm = new VmBuilder({ folder: path.join(folder, 'own'), name: 'own' });
      const disk = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: 4 * MIB });
      vm.takeSnapshot('one');
      vm.write(disk, MIB, seededBytes(8192, 3));
      vm.writeZeros(disk, 2 * MIB, 16_384);
      const { source, tree } = await load(make, vm.finish());
      const layer = await source.openLayer(tree.vm.id, tree.disks[0]?.layers[1]?.file ?? '');
      expect(await measureOwnBytes(layer)).toEqual({ data: 8192, zero: 16_384 });
      await layer.close();
    });
  });
}

/** A fork, a leaf without a delta after it, explicit zeros over data of the parent. */
function forkedVm(folder: string, format: TestDiskFormat): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'forked', displayName: 'Zwei Äste "α"' });
  const disk = vm.addDisk({ format, sizeBytes: 3 * MIB + 512 });
  vm.write(disk, 0, seededBytes(300_000, 1));
  vm.write(disk, 3 * MIB, seededBytes(512, 2));
  const one = vm.takeSnapshot('S1', { description: 'first\nline', quiesced: true });
  vm.write(disk, 1000, seededBytes(90_000, 3));
  const two = vm.takeSnapshot('S2', { memory: true });
  vm.revert(one);
  vm.writeZeros(disk, 60_000, 200_000);
  vm.takeSnapshot('S3');
  vm.revert(two);
  vm.write(disk, 2 * MIB, seededBytes(4096, 4));
  vm.writeZeros(disk, 0, 65_536);
  return vm.finish();
}

function changingVm(folder: string): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'changing' });
  const first = vm.addDisk({ format: 'hosted-sparse', sizeBytes: MIB });
  const second = vm.addDisk({ format: 'flat+cowd', sizeBytes: MIB });
  vm.write(first, 0, seededBytes(5000, 1));
  vm.write(second, 0, seededBytes(5000, 2));
  vm.takeSnapshot('both');
  vm.removeDisk(second);
  vm.moveDisk(first, 'sata0:3');
  const third = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: 2 * MIB, slot: 'nvme0:12' });
  vm.write(third, MIB, seededBytes(5000, 3));
  vm.takeSnapshot('another');
  vm.write(first, 500_000, seededBytes(5000, 4));
  vm.write(third, 0, seededBytes(5000, 5));
  vm.addDisk({
    format: 'flat+hosted',
    sizeBytes: MIB,
    slot: 'ide0:1',
    mode: 'independent-persistent',
  });
  vm.takeSnapshot('last');
  return vm.finish();
}

/** Anything that a user may do, in any order, with disks of every kind. */
export function randomVm(folder: string, seed: number): WrittenVm {
  const next = seededNumbers(seed);
  const pick = <T>(values: readonly T[]): T => values[next() % values.length] as T;
  const vm = new VmBuilder({ folder, name: 'random', seed, newline: pick(['\n', '\r\n']) });
  const addDisk = (): string =>
    vm.addDisk({ format: pick(FORMATS), sizeBytes: 512 * (1 + (next() % 4000)) });
  addDisk();
  for (let step = 0; step < 30; step++) {
    const disks = [...vm.current.keys()];
    const roll = next() % 20;
    if (disks.length === 0 || (roll === 0 && vm.disks.size < 5)) addDisk();
    else if (roll === 1 && vm.snapshots.length > 0) vm.removeDisk(pick(disks));
    else if (roll === 2) vm.moveDisk(pick(disks), `sata${step}:${next() % 30}`);
    else if (roll < 6)
      vm.takeSnapshot(`snapshot ${step}`, {
        memory: roll === 3,
        description: roll === 4 ? 'a | b "c"' : '',
      });
    else if (roll < 8 && vm.snapshots.length > 0) vm.revert(pick(vm.snapshots).uid);
    else change(vm, pick(disks), next);
  }
  vm.takeSnapshot('the last one');
  return vm.finish();
}

function change(vm: VmBuilder, key: string, next: () => number): void {
  const sizeBytes = vm.disks.get(key)?.sizeBytes ?? 0;
  const offset = 512 * (next() % (sizeBytes / 512));
  const length = Math.min(512 * (1 + (next() % 300)), sizeBytes - offset);
  if (next() % 3 === 0) vm.writeZeros(key, offset, length);
  else vm.write(key, offset, seededBytes(length, next()));
}

async function load(
  make: SourceMaker,
  vm: WrittenVm,
): Promise<{ source: Source; tree: SnapshotTree }> {
  const source = await make(vm.folder);
  const [summary, ...others] = await source.listVms();
  expect(others).toEqual([]);
  expect(summary).toMatchObject({ name: vm.displayName });
  return { source, tree: await source.loadTree(summary?.id ?? '') };
}

/** Every snapshot and the current state: the same facts, the same disks at the same slots, the same bytes. */
export async function expectStates(
  source: Source,
  tree: SnapshotTree,
  vm: WrittenVm,
): Promise<void> {
  expect(tree.snapshots.map(({ id }) => id).sort()).toEqual(
    vm.snapshots.map(({ id }) => id).sort(),
  );
  expect(tree.current.snapshotId).toBe(vm.current.parentId);
  for (const expected of vm.snapshots) {
    const { name, description, createdAtUs, quiesced, memory, parentId } = expected;
    expect(tree.snapshots.find(({ id }) => id === expected.id)).toMatchObject({
      name,
      description,
      createdAtUs,
      memory,
      ...(quiesced === undefined ? {} : { quiesced }),
      ...(parentId === undefined ? {} : { parentId }),
    });
  }
  for (const expected of [...vm.snapshots, vm.current]) await expectDisks(source, tree, expected);
}

async function expectDisks(
  source: Source,
  tree: SnapshotTree,
  expected: ExpectedState,
): Promise<void> {
  const found =
    expected.id === 'current' ? tree.current : tree.snapshots.find(({ id }) => id === expected.id);
  const states = [...(found?.disks ?? [])].sort((a, b) => (a.slot < b.slot ? -1 : 1));
  const wanted = [...expected.disks].sort((a, b) => (a.slot < b.slot ? -1 : 1));
  const label = (slot: string): string => `${expected.name} ${slot}`;
  expect(
    states.map(({ slot, diskId }) => [label(slot), path.basename(diskOf(tree, diskId).rootFile)]),
  ).toEqual(wanted.map(({ slot, rootFile }) => [label(slot), rootFile]));
  for (const [index, { slot, sizeBytes, sha256 }] of wanted.entries()) {
    const layerId = states[index]?.layerId ?? '';
    expect([label(slot), layerOf(tree, layerId).sizeBytes]).toEqual([label(slot), sizeBytes]);
    expect([label(slot), await chainSha256(source, tree, layerId)]).toEqual([
      label(slot),
      sha256(),
    ]);
  }
}

function diskOf(tree: SnapshotTree, diskId: string): Disk {
  const disk = tree.disks.find(({ id }) => id === diskId);
  if (disk === undefined) throw new Error(`no disk ${diskId}`);
  return disk;
}

function layerOf(tree: SnapshotTree, layerId: string): Disk['layers'][number] {
  const layer = tree.disks.flatMap(({ layers }) => layers).find(({ id }) => id === layerId);
  if (layer === undefined) throw new Error(`no layer ${layerId}`);
  return layer;
}

/** SHA-256 of a disk's whole state, read by the tree's own parent links through the Source. */
export async function chainSha256(
  source: Source,
  tree: SnapshotTree,
  layerId: string,
): Promise<string> {
  const files: string[] = [];
  for (let id: string | undefined = layerId; id !== undefined; id = layerOf(tree, id).parentId)
    files.unshift(layerOf(tree, id).file);
  const chain = new LayerChain(
    await Promise.all(files.map(file => source.openLayer(tree.vm.id, file))),
  );
  try {
    const hash = createHash('sha256');
    const buffer = new Uint8Array(MIB);
    for (let offset = 0; offset < chain.sizeBytes; offset += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, chain.sizeBytes - offset));
      await chain.read(offset, part);
      hash.update(part);
    }
    return hash.digest('hex');
  } finally {
    await chain.close();
  }
}

function expectParentsFirst(list: readonly { id: string; parentId: string | undefined }[]): void {
  const seen = new Set<string>();
  for (const { id, parentId } of list) {
    if (parentId !== undefined) expect(seen).toContain(parentId);
    seen.add(id);
  }
}
