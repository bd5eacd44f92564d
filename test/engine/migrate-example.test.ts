import path from 'node:path';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';

const MIB = 1024 * 1024;

describe('the example VM, end to end', () => {
  const folder = tempFolder();
  let test: TestEngine;
  beforeAll(async () => {
    test = await testEngine(folder);
  });
  afterAll(() => test?.close());

  it('every VolumeSnapshot holds what its VMware snapshot held', async () => {
    const vm = writeExampleVm(path.join(folder, 'vm'), { diskBytes: 64 * MIB });
    await test.startWorker();
    const started = await test.engine.call('start', { vm: vm.folder });
    expect(started.outcome).toBe('started');
    await test.until(started.migration, ['migrated']);
    expect(await expectMigrated(test.engine, started.migration, vm, test.classFolder)).toBe(11);

    const again = await test.engine.call('start', { vm: vm.folder });
    expect(again).toMatchObject({
      outcome: 'already',
      migration: started.migration,
      state: 'migrated',
    });
  }, 360_000);

  it('verify --full proves every VolumeSnapshot through a restore', async () => {
    const [migration] = await test.engine.call('getMigrations', {});
    const id = migration?.id ?? '';
    await test.engine.call('verify', { migration: id });
    await test.until(id, ['migrated']);
    const snapshots = await test.engine.call('getSnapshots', { migration: id });
    expect(
      snapshots.flatMap(snapshot => snapshot.volumeSnapshots.map(cut => cut.proof)),
    ).not.toContain('volume');
    expect(
      new Set(snapshots.flatMap(snapshot => snapshot.volumeSnapshots.map(cut => cut.proof))),
    ).toEqual(new Set(['full']));
  }, 360_000);

  it('a VM is found by SOURCE/ID as by SOURCE/NAME, as an entity of a catalog names it', async () => {
    const [migration] = await test.engine.call('getMigrations', {});
    const { source = '', vm = '', vmId = '' } = migration ?? {};
    const byId = await test.engine.call('getTree', { vm: `${source}/${vmId}` });
    expect(byId).toMatchObject({ vm, vmId, migration: { id: migration?.id } });
    expect(byId).toEqual(await test.engine.call('getTree', { vm: `${source}/${vm}` }));
    const plan = await test.engine.call('plan', { vm: `${source}/${vmId}` });
    expect(plan.vm).toMatchObject({ source, id: vmId, name: vm });
  }, 360_000);

  it('events are read back to the first, page by page, and none twice', async () => {
    const [migration] = await test.engine.call('getMigrations', {});
    const filter = { migration: migration?.id };
    const all = await test.engine.call('getEvents', { ...filter, limit: 1_000 });
    expect(all.length).toBeGreaterThan(20);
    const read: typeof all = [];
    for (let before = Number.MAX_SAFE_INTEGER; ;) {
      const page = await test.engine.call('getEvents', { ...filter, before, limit: 7 });
      read.unshift(...page);
      const [oldest] = page;
      if (oldest === undefined) break;
      before = oldest.id;
    }
    expect(read).toEqual(all);
  });
});
