import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';

import { MIB } from '../../bytes';
import { EngineError } from '../../errors';
import { fullDiskFiles } from '../../testing/dying-disk-files';
import { noMover, openLocalDirectory, writeBytes } from '../../testing/local-directory-harness';
import { itOnMount, mountTmpfs, mountXfs } from '../../testing/scratch-mount';
import { bytesOf, settled, snapshotSpec, volumeSpec } from '../../testing/target-suite';
import { openTarget } from '../open-target';
import { isPending, type Volume, type VolumeSnapshot } from '../target';
import { type DiskFiles, diskFiles } from './disk-files';
import type { LocalDirectoryTarget } from './local-directory-target';

const CLASS = { storageClass: 'fast', sizeStepBytes: 512 };

describe('a local directory', () => {
  let folder: string;
  let root: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vmm-local-'));
    root = path.join(folder, 'fast');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('lays its files out as documented', async () => {
    const target = openLocalDirectory(root, 'copy');
    await heldVolume(target, MIB);
    await cut(target);
    const names = (await readdir(root, { recursive: true })).toSorted();
    expect(names).toEqual([
      '.locks',
      '.tmp',
      'snapshots',
      'snapshots/web-0-s1',
      'snapshots/web-0-s1/disk.img',
      'snapshots/web-0-s1/snapshot.json',
      'volumes',
      'volumes/web-0',
      'volumes/web-0/disk.img',
      'volumes/web-0/lock',
      'volumes/web-0/tables',
      'volumes/web-0/volume.json',
    ]);
    expect((await stat(path.join(root, 'snapshots/web-0-s1/disk.img'))).mode & 0o777).toBe(0o444);
    const record = JSON.parse(
      await readFile(path.join(root, 'volumes/web-0/volume.json'), 'utf8'),
    ) as object;
    expect(record).toMatchObject({
      mark: { phase: 'holds', layerId: 'base' },
      spec: { name: 'web-0' },
    });
  });

  it('keeps holes in volumes, VolumeSnapshots and restores, and drops written zeros', async () => {
    const target = openLocalDirectory(root, 'copy');
    const sizeBytes = 64 * MIB;
    const volume = await heldVolume(target, sizeBytes);
    await writeBytes(volume.address.path, 32 * MIB, Buffer.alloc(4 * MIB)); // stored zeros
    expect(await allocated(volume.address.path)).toBeGreaterThan(4 * MIB);
    const snapshot = await cut(target);
    expect(await allocated(snapshot.handle)).toBeLessThan(MIB);
    const branch = await restore(target);
    expect(await allocated(branch.address.path)).toBeLessThan(MIB);
    const bytes = await readFile(branch.address.path);
    expect(bytes.equals(await readFile(volume.address.path))).toBe(true);
  });

  it('keeps a copy of the block table, and gives it to a restored volume under its layer', async () => {
    const target = openLocalDirectory(root, 'copy');
    const volume = await heldVolume(target, MIB);
    const table = { path: path.join(volume.tablesPath, 'base.table'), sha256: '' };
    const content = Buffer.concat([Buffer.alloc(128 * 1024), bytesOf(9, 320)]);
    await writeFile(table.path, content);
    table.sha256 = createHash('sha256').update(content).digest('hex');
    const snapshot = await settled(() => target.ensureVolumeSnapshot(snapshotSpec({ table })));
    await settled(() => target.remove('volume', 'web-0', 'store-one'));
    expect(await readFile(snapshot.tablePath ?? '')).toEqual(content);
    const branch = await restore(target);
    expect(await readFile(path.join(branch.tablesPath, 'base.table'))).toEqual(content);
  });

  it('refuses a block table that is not the one of the receipt, and leaves nothing behind', async () => {
    const target = openLocalDirectory(root, 'copy');
    const volume = await heldVolume(target, MIB);
    const table = { path: path.join(volume.tablesPath, 'base.table'), sha256: '0'.repeat(64) };
    await writeFile(table.path, 'other');
    expect(await codeOf(target.ensureVolumeSnapshot(snapshotSpec({ table })))).toBe(
      'VERIFY_MISMATCH',
    );
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
    expect((await target.inventory()).volumeSnapshots).toEqual([]);
  });

  it('says why a class takes no VolumeSnapshots, and which would do', async () => {
    const classes = {
      slow: { path: path.join(folder, 'slow'), snapshots: 'none' },
      fast: { path: root, default: true },
    };
    const target = openTarget(
      { name: 'here', kind: 'local-directory', classes },
      { mover: noMover },
    );
    const found = (await target.capabilities()).classes;
    expect(found.map(({ name, isDefault, snapshots }) => [name, isDefault, snapshots.how])).toEqual(
      [
        ['slow', false, 'none'],
        ['fast', true, expect.stringMatching(/^(copy|reflink)$/)],
      ],
    );
    expect(found[0]?.freeBytes).toBeGreaterThan(0);
    const slow = { ...CLASS, storageClass: 'slow' };
    await settled(() => target.ensureVolume(volumeSpec(slow)));
    await expect(settled(() => target.ensureVolumeSnapshot(snapshotSpec()))).rejects.toMatchObject({
      code: 'CLASS_WITHOUT_SNAPSHOTS',
      hint: expect.stringContaining('fast'),
    });
  });

  it('never touches a folder of somebody else that has the name of an object', async () => {
    const target = openLocalDirectory(root, 'copy');
    await target.capabilities();
    const file = path.join(root, 'volumes/web-0/letter.txt');
    await diskFiles.makeFolder(path.dirname(file), 0o755);
    await writeFile(file, 'dear');
    expect(await codeOf(target.ensureVolume(volumeSpec(CLASS)))).toBe('VOLUME_FOREIGN');
    expect(await codeOf(target.remove('volume', 'web-0', 'store-one'))).toBe('VOLUME_FOREIGN');
    expect(await readFile(file, 'utf8')).toBe('dear');
    expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
  });

  it('does not adopt what lost its image', async () => {
    const target = openLocalDirectory(root, 'copy');
    const volume = await heldVolume(target, MIB);
    const snapshot = await cut(target);
    await rm(snapshot.handle);
    await rm(volume.address.path);
    expect(await codeOf(target.ensureVolumeSnapshot(snapshotSpec()))).toBe('VOLUME_UNEXPECTED');
    expect(await codeOf(target.ensureVolume(volumeSpec(CLASS)))).toBe('VOLUME_UNEXPECTED');
  });

  it('answers Pending while a copy runs, goes on by itself, and starts again after it was stopped', async () => {
    const gate = gatedCopies();
    const target = openLocalDirectory(root, 'copy', { files: gate.files, patienceMs: 5 });
    await heldVolume(target, MIB);
    const first = await target.ensureVolumeSnapshot(snapshotSpec());
    expect(first).toMatchObject({ pending: true, reason: 'web-0 to be copied to web-0-s1' });
    const other = openLocalDirectory(root, 'copy', { patienceMs: 5 });
    expect(await other.ensureVolumeSnapshot(snapshotSpec())).toMatchObject({
      pending: true,
      reason: expect.stringContaining('another worker'),
    });
    expect(
      await codeOf(other.mark('web-0', (await volumeOf(other)).mark, (await volumeOf(other)).mark)),
    ).toBe('VOLUME_BUSY');
    const closed = target.close();
    gate.open();
    await closed;
    expect((await other.inventory()).volumeSnapshots).toEqual([]);
    const snapshot = await settled(() => other.ensureVolumeSnapshot(snapshotSpec()));
    expect(
      (await readFile(snapshot.handle)).equals(
        await readFile((await volumeOf(other)).address.path),
      ),
    ).toBe(true);
  });

  it('removes what a crash left of its own store only', async () => {
    const target = openLocalDirectory(root, 'copy', {
      files: {
        ...diskFiles,
        removeTree: async () => undefined,
        move: () => Promise.reject(new Error('gone')),
      },
    });
    for (const storeId of ['store-one', 'store-two']) {
      await target
        .ensureVolume(volumeSpec(CLASS, { name: `v-${storeId}`, storeId }))
        .catch(() => undefined);
    }
    const cleaner = openLocalDirectory(root, 'copy');
    expect(await readdir(path.join(root, '.tmp'))).toHaveLength(2);
    expect(await cleaner.removeLeftovers('store-one')).toEqual([
      expect.stringContaining('v-store-one'),
    ]);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([
      expect.stringContaining('v-store-two'),
    ]);
  });

  it('names a full disk, gives the space back and succeeds once there is room', async () => {
    const disk = fullDiskFiles(diskFiles);
    const target = openLocalDirectory(root, 'copy', { files: disk.files });
    await heldVolume(target, MIB);
    disk.fill();
    expect(await codeOf(target.ensureVolumeSnapshot(snapshotSpec()))).toBe('VOLUME_FULL');
    expect(await codeOf(target.ensureVolume(volumeSpec(CLASS, { name: 'more' })))).toBe(
      'VOLUME_FULL',
    );
    const { mark } = await volumeOf(target);
    expect(await codeOf(target.mark('web-0', mark, { ...mark, fence: 2 }))).toBe('VOLUME_FULL');
    expect((await volumeOf(target)).mark).toEqual(mark);
    disk.free();
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
    await cut(target);
  });

  itOnMount(
    'a tmpfs of 8 MiB',
    mountTmpfs(8 * MIB),
    'names a really full disk and gives the space back',
    async mount => {
      const target = openLocalDirectory(path.join(mount, 'fast'), 'copy');
      const volume = await heldVolume(target, 6 * MIB);
      await writeBytes(volume.address.path, 0, bytesOf(5, 5 * MIB));
      const free = (await target.capabilities()).classes[0]?.freeBytes ?? 0;
      const code = await codeOf(target.ensureVolumeSnapshot(snapshotSpec()));
      expect(code).toBe('VOLUME_FULL');
      expect((await target.capabilities()).classes[0]?.freeBytes).toBeGreaterThanOrEqual(
        free - 64 * 1024,
      );
      expect((await target.inventory()).volumeSnapshots).toEqual([]);
    },
  );

  itOnMount(
    'XFS',
    mountXfs(),
    'shares blocks between a volume, its VolumeSnapshots and restores',
    async mount => {
      const target = openLocalDirectory(path.join(mount, 'fast'), 'auto');
      expect((await target.capabilities()).classes[0]).toMatchObject({
        snapshots: { how: 'reflink' },
        snapshotCost: 0,
      });
      const volume = await heldVolume(target, 64 * MIB);
      await writeBytes(volume.address.path, 0, bytesOf(5, 48 * MIB));
      const before = (await target.capabilities()).classes[0]?.freeBytes ?? 0;
      await cut(target);
      await restore(target);
      const after = (await target.capabilities()).classes[0]?.freeBytes ?? 0;
      expect(before - after).toBeLessThan(8 * MIB);
    },
  );

  const qemuImg = spawnSync('qemu-img', ['--version']).status === 0;
  (qemuImg ? it : it.skip)(
    'has VolumeSnapshots that qemu-img opens as they are (needs qemu-img)',
    async () => {
      const target = openLocalDirectory(root, 'copy');
      const volume = await heldVolume(target, 3 * MIB);
      const snapshot = await cut(target);
      const info = JSON.parse(
        execFileSync('qemu-img', ['info', '--output=json', '-f', 'raw', snapshot.handle], {
          encoding: 'utf8',
        }),
      ) as object;
      expect(info).toMatchObject({ format: 'raw', 'virtual-size': 3 * MIB });
      expect(
        execFileSync(
          'qemu-img',
          ['compare', '-f', 'raw', '-F', 'raw', snapshot.handle, volume.address.path],
          { encoding: 'utf8' },
        ),
      ).toContain('identical');
    },
  );

  it('refuses a configuration that cannot be, naming what is wrong', () => {
    const open = (options: object) => () =>
      openTarget({ name: 'here', kind: 'local-directory', ...options }, { mover: noMover });
    expect(open({ classes: {} })).toThrow(/at least one class/);
    expect(open({ classes: { a: { path: 'relative' } } })).toThrow(
      /classes\.a\.path: must be an absolute path/,
    );
    expect(open({ classes: { a: { path: '/x' }, b: { path: '/x/y/..' } } })).toThrow(
      /must not be in the folder of class/,
    );
    expect(
      open({ classes: { a: { path: '/x', default: true }, b: { path: '/y', default: true } } }),
    ).toThrow(/only one class/);
    expect(open({ classes: { a: { path: '/x', snapshot: 'none' } } })).toThrow(EngineError);
    expect(() => openTarget({ name: 'here', kind: 'cloud' }, { mover: noMover })).toThrow(
      /kind local-directory/,
    );
  });
});

/** A copy that begins and then waits until the gate opens or the target is closed. */
function gatedCopies(): { files: DiskFiles; open(): void } {
  let open = () => undefined as void;
  const gate = new Promise<void>(resolve => (open = resolve));
  return {
    files: {
      ...diskFiles,
      async copyFile(from, to, how, signal) {
        await gate;
        await diskFiles.copyFile(from, to, how, signal);
      },
    },
    open,
  };
}

async function heldVolume(target: LocalDirectoryTarget, sizeBytes: number): Promise<Volume> {
  const volume = await settled(() => target.ensureVolume(volumeSpec(CLASS, { sizeBytes })));
  await writeBytes(volume.address.path, 8192, bytesOf(1, 5000));
  await writeBytes(volume.address.path, sizeBytes - 512, bytesOf(2, 512));
  await target.mark('web-0', volume.mark, { ...volume.mark, phase: 'holds', layerId: 'base' });
  return volumeOf(target);
}

async function volumeOf(target: LocalDirectoryTarget): Promise<Volume> {
  const volume = await target.findVolume('web-0');
  if (volume === undefined) throw new Error('no volume web-0');
  return volume;
}

function cut(target: LocalDirectoryTarget): Promise<VolumeSnapshot> {
  return settled(() => target.ensureVolumeSnapshot(snapshotSpec()));
}

async function restore(target: LocalDirectoryTarget): Promise<Volume> {
  const { sizeBytes } = (await target.inventory()).volumeSnapshots[0] ?? { sizeBytes: 0 };
  const spec = volumeSpec(CLASS, { name: 'web-0-b1', sizeBytes });
  return settled(() =>
    target.ensureVolumeFrom(
      { ...spec, mark: { ...spec.mark, phase: 'holds', layerId: 'base' } },
      'web-0-s1',
    ),
  );
}

async function allocated(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}

async function codeOf(call: Promise<object | void>): Promise<string> {
  return call.then(
    answer => (answer !== undefined && isPending(answer) ? 'pending' : 'no error'),
    error => (error instanceof EngineError ? error.code : String(error)),
  );
}
