/** What each point of the history says of itself, before, during and after; of a real migration. */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { TreeDiskView, TreeStageView, TreeView } from '@vm-migrate/api';
import { configuredSource } from '../sources/configured-source';
import { tempFolder } from '../testing/temp-folder';
import { testEngine, type TestEngine } from '../testing/test-engine';
import { writeSmallVm } from '../../../../test/kill/small-vm';

const MIB = 1024 * 1024;

describe('getTree', () => {
  const folder = tempFolder();
  let test: TestEngine;
  let sourceOpened = 0;

  beforeAll(async () => {
    for (const seed of [1, 2])
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed, baseBytes: 4 * MIB });
    test = await testEngine(folder, {
      openSource: async place => {
        sourceOpened += 1;
        return configuredSource(place);
      },
      sources: [
        { name: 'lab', kind: 'vm-directory', options: { folder: path.join(folder, 'vms') } },
      ],
    });
  });
  afterAll(() => test?.close());

  it('goes from not-migrated over waiting and copying to proved', async () => {
    const vm = 'lab/small 1';
    expect(stages(await test.engine.call('getTree', { vm }))).toEqual({
      first: 'not-migrated',
      side: 'not-migrated',
      second: 'not-migrated',
      third: 'not-migrated',
      'you are here': 'not-migrated',
    });
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 0 });
    const { migration } = await test.engine.call('start', {
      vm,
      options: { keep: { rule: 'names', names: ['first', 'third'] } },
      accept: ['snapshot-dropped:2'],
    });
    await test.startWorker({ windowBytes: MIB / 4 });

    const waiting = await until(vm, tree => point(tree, 'first').step?.kind === 'applyLayer');
    expect(stages(waiting)).toEqual({
      first: 'waiting',
      side: 'not-wanted',
      second: 'needs-migration',
      third: 'needs-migration',
      'you are here': 'needs-migration',
    });
    expect(point(waiting, 'first')).toMatchObject({
      flag: 'needs migration',
      step: { state: 'ready', waitsFor: expect.stringMatching('limit') as string, error: null },
    });
    expect(point(waiting, 'third').step).toMatchObject({ state: 'blocked', waitsFor: null });

    await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: MIB });
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 4 });
    const copying = await until(vm, tree => {
      const { stage, step } = point(tree, 'first');
      return stage === 'copying' && (step?.progress?.bytesDone ?? 0) > 0;
    });
    const { step } = point(copying, 'first');
    expect(step).toMatchObject({ kind: 'applyLayer', state: 'running', waitsFor: null });
    expect(step?.worker).toBe((await test.engine.call('getWorkers', {}))[0]?.id);
    // The holes of the base's file are no work: a new volume reads zeros.
    expect(step?.progress?.bytesTotal).toBe(4 * MIB);
    expect(step?.progress?.bytesPerSecond).toBeGreaterThan(0);
    expect(step?.progress?.etaMs).toBeGreaterThan(0);

    await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
    await test.until(migration, ['migrated']);
    const after = await test.engine.call('getTree', { vm });
    expect(stages(after)).toEqual({
      first: 'ready',
      side: 'not-wanted',
      second: 'migrated',
      third: 'proved',
      'you are here': 'migrated',
    });
    expect(after.nodes.flatMap(({ disks }) => disks.map(disk => disk.step))).toEqual(
      after.nodes.map(() => null),
    );
  }, 180_000);

  it('of a VM that has a migration and is named by its id does not ask the source', async () => {
    const { vmId, nodes } = await test.engine.call('getTree', { vm: 'lab/small 1' });
    const asked = sourceOpened;
    expect((await test.engine.call('getTree', { vm: `lab/${vmId}` })).nodes).toEqual(nodes);
    expect(sourceOpened).toBe(asked);
    await test.engine.call('getTree', { vm: 'lab/small 1' });
    expect(sourceOpened).toBeGreaterThan(asked);
  });

  it('says at the point itself what failed', async () => {
    const vm = 'lab/small 2';
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 0 });
    const { migration } = await test.engine.call('start', { vm });
    const layer = point(await test.engine.call('getTree', { vm }), 'first').layerFile;
    appendFileSync(path.join(folder, 'vms', '2', layer), Buffer.alloc(512));
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 4 });
    await test.until(migration, ['failed']);
    const failed = await test.engine.call('getTree', { vm });
    const [found] = await test.engine.call('getMigrations', { migration });
    expect(found?.error?.code).toBe('FILE_CHANGED');
    expect(point(failed, 'first')).toMatchObject({
      stage: 'failed',
      step: { state: 'failed', error: { code: 'FILE_CHANGED' } },
    });
    expect(point(failed, 'third').stage).toBe('needs-migration');
  }, 180_000);

  function stages(tree: TreeView): Record<string, TreeStageView> {
    return Object.fromEntries(tree.nodes.map(({ name }) => [name, point(tree, name).stage]));
  }

  function point(tree: TreeView, name: string): TreeDiskView {
    const [disk] = tree.nodes.find(node => node.name === name)?.disks ?? [];
    if (disk === undefined) throw new Error(`no point ${name}`);
    return disk;
  }

  async function until(vm: string, holds: (tree: TreeView) => boolean): Promise<TreeView> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const tree = await test.engine.call('getTree', { vm });
      if (holds(tree)) return tree;
      if (performance.now() > deadline) throw new Error(JSON.stringify(tree.nodes, null, 1));
      // Progress is announced to nobody: it is looked at again and again.
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
});
