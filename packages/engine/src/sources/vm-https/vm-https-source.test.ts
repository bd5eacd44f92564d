import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { MIB } from '../../bytes';
import { fileServer, type FileServer } from '../../testing/file-server';
import { seededBytes } from '../../testing/seeded-bytes';
import { describeSource, expectStates, randomVm } from '../../testing/source-suite';
import { tempFolder } from '../../testing/temp-folder';
import { VmBuilder } from '../../testing/vm-builder';
import type { SnapshotTree } from '../snapshot-tree';
import { configuredSource } from '../configured-source';
import { openSource } from '../open-source';
import type { Source } from '../source';
import { vmHttpsSource, type VmHttpsOptions } from './vm-https-source';

const FAST = { attempts: 4, firstPauseMs: 1, silentMs: 2_000 };

// A request takes its time on a busy machine, and states are many.
jest.setTimeout(60_000);
const server = fileServer();
const jsonServer = fileServer({ listing: 'json' });
const browserServer = fileServer({ listing: 'datastore-browser' });
const weakServer = fileServer({ etags: 'weak' });
const bareServer = fileServer({ etags: 'none' });
const plainServer = fileServer({ plain: true });
const source = (folder: string, options: Partial<VmHttpsOptions> = {}, at = server): Source =>
  vmHttpsSource(
    {
      name: 'test',
      url: at.urlOf(folder),
      caFile: at.caFile,
      allowAddresses: ['127.0.0.1'],
      ...options,
    },
    { settings: FAST },
  );

const local = (folder: string): Source =>
  configuredSource({ name: 'test', kind: 'vm-directory', options: { folder } });

describeSource('a folder on a server', async folder => source(folder));

const scratch = tempFolder();

async function onlyTree(from: Source): Promise<SnapshotTree> {
  const [vm, ...others] = await from.listVms();
  expect(others).toEqual([]);
  return await from.loadTree(vm?.id ?? '');
}

/** What is the same wherever the files lie: ids are made of places, times and inodes of the medium. */
function withoutPlaces(tree: SnapshotTree, origin: string): unknown {
  const ids = [
    tree.vm.id,
    ...tree.disks.flatMap(({ id, layers }) => [id, ...layers.map(layer => layer.id)]),
  ];
  const text = ids.reduce(
    (said, id, nth) => said.replaceAll(id, `id-${nth}`),
    JSON.stringify(tree).replaceAll(origin, ''),
  );
  return JSON.parse(text, (key, value: unknown) =>
    key === 'mtimeNs' || key === 'inode' ? 'of the medium' : value,
  );
}

async function expectSameTree(
  folder: string,
  options: Partial<VmHttpsOptions> = {},
  at: FileServer = server,
): Promise<void> {
  const [here, there] = [
    await onlyTree(local(folder)),
    await onlyTree(source(folder, options, at)),
  ];
  // What a browser's address says of the datastore, the files alone do not.
  const disks = there.disks.map(({ datastore: _, ...disk }) => disk);
  expect(withoutPlaces({ ...there, disks }, at.origin)).toEqual(withoutPlaces(here, at.origin));
}

describe('the tree of a VM on a server', () => {
  it('is the one of the same folder on this machine', async () => {
    const first = Number(process.env['SOURCE_SEED'] ?? Date.now() % 1_000_000);
    for (let seed = first; seed < first + 5; seed++) {
      try {
        const { folder } = randomVm(path.join(scratch, `same ${seed} #%41?`), seed);
        await expectSameTree(folder);
      } catch (error) {
        throw new Error(`SOURCE_SEED=${seed} replays this`, { cause: error });
      }
    }
  });

  it('is the same with files that are missing, leftover, locked, spelled in another case', async () => {
    const folder = path.join(scratch, 'odd');
    const vm = new VmBuilder({ folder, name: 'odd' });
    const disk = vm.addDisk({ format: 'flat+cowd', sizeBytes: MIB });
    for (const name of ['one', 'two', 'three']) {
      vm.write(disk, 0, seededBytes(512, name.length));
      vm.takeSnapshot(name, { memory: name === 'two' });
    }
    vm.finish();
    renameSync(path.join(folder, 'odd-000001.vmdk'), path.join(folder, 'ODD-000001.VMDK'));
    renameSync(path.join(folder, 'odd-000002.vmdk'), path.join(folder, 'away'));
    writeFileSync(path.join(folder, 'spare.vmdk'), 'no descriptor');
    mkdirSync(path.join(folder, 'odd.vmx.lck'));
    writeFileSync(path.join(folder, 'odd.vmx.lck', 'M1.lck'), '');
    await expectSameTree(folder);
  });

  it.each([
    ['beside', '../master/vm.vmdk', {}],
    ['in a mapped datastore', '/vmfs/volumes/5f/pool/master/vm.vmdk', { '/vmfs/volumes/5f': '.' }],
    ['by name in a mapped datastore', '[store] master/vm.vmdk', { '[store]': 'pool' }],
  ] as const)('finds the base of a linked clone %s', async (where, hint, datastores) => {
    const folder = path.join(scratch, `clones ${where}`, 'pool');
    linkedClone(folder, hint);
    const opened = source(path.dirname(folder), { datastores });
    const id = (await opened.listVms()).find(({ name }) => name === 'clone')?.id ?? '';
    const tree = await opened.loadTree(id);
    expect(
      tree.disks.flatMap(({ layers }) =>
        layers.map(({ file, shared, access }) => [file, shared ?? false, access]),
      ),
    ).toEqual([
      [`${server.origin}${folder}/master/vm.vmdk`, true, 'frozen'],
      ['vm-000001.vmdk', false, 'frozen'],
    ]);
    const base = await opened.openLayer(id, tree.disks[0]?.rootFile ?? '');
    expect(base.file).toBe(`${server.origin}${folder}/master/vm.vmdk`);
    await base.close();
  });

  it.each([
    ['a way up', '../../../secret.vmdk'],
    ['the name of a file on this server', 'SERVER/secret.vmdk'],
    ['an absolute path', '/secret.vmdk'],
    ['another server', 'https://other.test/secret.vmdk'],
    ['an escaped way up', '%2e%2e/%2e%2e/secret.vmdk'],
    ['a query', 'vm.vmdk?x=/../../secret.vmdk'],
  ])('asks for nothing outside of the url: %s', async (name, said) => {
    const folder = path.join(scratch, 'walls', name);
    const hint = said.replace('SERVER', `${server.origin}${scratch}`);
    linkedClone(folder, hint);
    const opened = source(folder);
    const from = server.requests.length;
    const id = (await opened.listVms()).find(vm => vm.name === 'clone')?.id ?? '';
    const tree = await opened.loadTree(id);
    expect(tree.findings.filter(({ severity }) => severity === 'blocks')).not.toEqual([]);
    // As a server sees it that undoes one layer of escapes, as it must, and follows the dots.
    const asked = server.requests
      .slice(from)
      .map(({ url }) => path.posix.normalize(decodeURIComponent(url.split('?')[0] ?? '')));
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter(url => !`${url}/`.startsWith(`${folder}/`))).toEqual([]);
  });

  it.each(['json', 'datastore-browser'] as const)(
    'is found through a listing of kind %s',
    async listing => {
      const at = listing === 'json' ? jsonServer : browserServer;
      const vm = randomVm(path.join(scratch, `listed ${listing}`), 3);
      const query = listing === 'json' ? '' : '?dcPath=ha-datacenter&dsName=store%201';
      const options = { url: at.urlOf(vm.folder) + query };
      await expectSameTree(vm.folder, options, at);
      const datastores = (await onlyTree(source(vm.folder, options, at))).disks.map(
        ({ datastore }) => datastore,
      );
      expect(new Set(datastores)).toEqual(new Set([query === '' ? undefined : 'store 1']));
      const opened = source(vm.folder, options, at);
      await expectStates(opened, await onlyTree(opened), vm);
      if (query !== '') expect(at.requests.filter(({ url }) => !url.endsWith(query))).toEqual([]);
    },
  );

  it.each(['weak', 'none'] as const)('needs Last-Modified only (ETag: %s)', async etags => {
    const at = etags === 'weak' ? weakServer : bareServer;
    const { folder } = randomVm(path.join(scratch, `etags ${etags}`), 4);
    await expectSameTree(folder, {}, at);
  });
});

describe('as it is configured', () => {
  it('it lists the same VMs', async () => {
    const { folder, displayName } = randomVm(path.join(scratch, 'configured'), 8);
    const options = {
      url: server.urlOf(folder),
      caFile: server.caFile,
      allowAddresses: ['127.0.0.1'],
    };
    const opened = configuredSource({ name: 'web', kind: 'vm-https', options });
    expect(opened).toMatchObject({ name: 'web', kind: 'vm-https' });
    expect((await opened.listVms()).map(({ name }) => name)).toEqual([displayName]);
    expect(() => configuredSource({ name: 'x', kind: 'ftp', options: {} })).toThrow(/vm-https/);
  });
});

describe('an address', () => {
  it('holds no credentials and no name of a file of certificates, and opens where nothing else is known', async () => {
    const vm = randomVm(path.join(scratch, 'address'), 5);
    writeFileSync(path.join(scratch, 'login'), 'reader:se:cret\n');
    server.fault = (request, response) => {
      const allowed = `Basic ${Buffer.from('reader:se:cret').toString('base64')}`;
      if (request.headers.authorization === allowed) return false;
      response.writeHead(401).end();
      return true;
    };
    const opened = source(vm.folder, { credentials: { file: path.join(scratch, 'login') } });
    const tree = await onlyTree(opened);
    const address = await opened.address(tree.vm.id);
    expect(JSON.stringify(address)).not.toMatch(/cret|caFile/);
    const fresh = source(vm.folder, { credentials: { file: path.join(scratch, 'login') } });
    expect(await fresh.address(tree.vm.id)).toEqual(address);
    const layer = await openSource(address).openLayer(tree.disks[0]?.rootFile ?? '');
    await layer.close();
    await expect(source(vm.folder).listVms()).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('401'),
    });
  });

  it('with a bearer token from the environment', async () => {
    const { folder } = randomVm(path.join(scratch, 'bearer'), 6);
    process.env['TEST_SOURCE_TOKEN'] = 'Bearer abc.def';
    server.fault = (request, response) => {
      if (request.headers.authorization === 'Bearer abc.def') return false;
      response.writeHead(403).end();
      return true;
    };
    const vms = await source(folder, { credentials: { env: 'TEST_SOURCE_TOKEN' } }).listVms();
    expect(vms).toHaveLength(1);
    delete process.env['TEST_SOURCE_TOKEN'];
    await expect(
      source(folder, { credentials: { env: 'TEST_SOURCE_TOKEN' } }).listVms(),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('of plain HTTP is used only when that is said', async () => {
    const { folder } = randomVm(path.join(scratch, 'plain'), 7);
    const plain = (options: Partial<VmHttpsOptions>): Source =>
      source(folder, { caFile: undefined, ...options }, plainServer);
    await expect(plain({}).listVms()).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
    expect(plainServer.requests).toEqual([]);
    expect(await plain({ allowPlainHttp: true }).listVms()).toHaveLength(1);
  });

  it('with credentials in its url is refused without repeating them', async () => {
    const url = server.urlOf(scratch).replace('https://', 'https://me:secret@');
    const failure = await source(scratch, { url })
      .listVms()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(JSON.stringify(failure)).not.toContain('secret');
  });
});

describe('a layer of a server', () => {
  it('tells a change of its file by its manifest, also when the server hides it', async () => {
    const folder = path.join(scratch, 'changing');
    const vm = new VmBuilder({ folder, name: 'vm' });
    const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: MIB });
    vm.write(disk, 0, seededBytes(4096, 1));
    vm.finish();
    const opened = source(folder);
    const tree = await onlyTree(opened);
    const layer = await opened.openLayer(tree.vm.id, tree.disks[0]?.rootFile ?? '');
    const before = await layer.manifest();
    expect(await layer.manifest()).toEqual(before);
    appendFileSync(path.join(folder, tree.disks[0]?.rootFile ?? ''), Buffer.alloc(512));
    await expect(layer.manifest()).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await layer.close();
  });
});

/** `master`, and `clone`, whose disk is a delta on master's base, named by this hint. */
function linkedClone(folder: string, hint: string): void {
  for (const name of ['master', 'clone']) {
    const vm = new VmBuilder({ folder: path.join(folder, name), name: 'vm', displayName: name });
    const disk = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: MIB });
    vm.write(disk, 0, seededBytes(4096, 1));
    vm.takeSnapshot('frozen');
    vm.write(disk, 8192, seededBytes(4096, 2));
    vm.finish();
  }
  const clone = (file: string): string => path.join(folder, 'clone', file);
  const base = readFileSync(path.join(folder, 'master', 'vm.vmdk'), 'utf8');
  const cid = /^CID=(.*)$/m.exec(base)?.[1] ?? '';
  const delta = readFileSync(clone('vm-000001.vmdk'), 'utf8')
    .replace(/^parentCID=.*$/m, `parentCID=${cid}`)
    .replace('parentFileNameHint="vm.vmdk"', `parentFileNameHint="${hint}"`);
  writeFileSync(clone('vm-000001.vmdk'), delta);
  for (const file of ['vm.vmdk', 'vm-flat.vmdk', 'vm.vmsd']) rmSync(clone(file));
}
