import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueView } from '@vm-migrate/api';
import { tempFolder } from '../testing/temp-folder';
import { testEngine, type TestEngine } from '../testing/test-engine';
import { writeSmallVm } from '../../../../test/kill/small-vm';

describe('getQueue', () => {
  const folder = tempFolder();
  let test: TestEngine;
  let first = '';
  let second = '';

  beforeAll(async () => {
    for (const [name, seed] of Object.entries({ one: 1, two: 2 }))
      writeSmallVm(path.join(folder, 'vms', name), { seed, baseBytes: 64 * 1024 });
    test = await testEngine(folder, {
      sources: [
        { name: 'lab', kind: 'vm-directory', options: { folder: path.join(folder, 'vms') } },
      ],
    });
    first = (await test.engine.call('start', { vm: 'lab/small 1' })).migration;
    second = (await test.engine.call('start', { vm: 'lab/small 2' })).migration;
  });
  afterAll(() => test?.close());

  it('says that no worker is there', async () => {
    const { counts, steps } = await test.engine.call('getQueue', {});
    expect(counts).toEqual({ running: 0, waiting: 0, queued: 2, ready: 0, paused: 0 });
    expect(steps.map(step => [step.migration, step.kind, step.state, step.waitsFor])).toEqual([
      [first, 'proveClass', 'queued', expect.stringMatching(/^a worker: none answers/)],
      [second, 'proveClass', 'queued', expect.stringMatching(/^a worker: none answers/)],
    ]);
    const [started] = await test.engine.call('getMigrations', { migration: first });
    expect(steps[0]).toMatchObject({
      vm: 'small 1',
      source: 'lab',
      target: 'local',
      waitsSince: started?.createdAt,
    });
  });

  it('says which limit is used up, since when the step could run, and what a pause holds back', async () => {
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 0 });
    await test.engine.call('pause', { migration: second });
    await test.startWorker();
    const queue = await until(({ steps }) =>
      steps.some(({ kind, state }) => kind === 'applyLayer' && state === 'ready'),
    );
    expect(queue.steps.map(step => [step.migration, step.kind, step.state, step.waitsFor])).toEqual(
      [
        [first, 'applyLayer', 'ready', expect.stringMatching('^a free place under limit vm, 0 at')],
        [second, 'proveClass', 'paused', 'the migration to be resumed'],
      ],
    );
    expect(queue.counts).toEqual({ running: 0, waiting: 0, queued: 0, ready: 1, paused: 1 });
    const { steps } = await test.engine.call('describe', { migration: first });
    const made = steps.find(({ kind }) => kind === 'createVolume');
    const apply = steps.find(({ kind, state }) => kind === 'applyLayer' && state === 'ready');
    expect(queue.steps[0]).toMatchObject({
      id: apply?.id,
      words: apply?.words,
      waitsSince: made?.finishedAt,
      disk: 'scsi0:0',
    });
    expect(apply?.waitsSince).toBe(made?.finishedAt);
  }, 30_000);

  it('narrows and pages, and counts what it leaves out', async () => {
    const page = await test.engine.call('getQueue', { limit: 1, offset: 1 });
    expect(page.steps.map(({ migration }) => migration)).toEqual([second]);
    expect(page.counts).toMatchObject({ ready: 1, paused: 1 });
    const paused = await test.engine.call('getQueue', { states: ['paused'] });
    expect(paused.steps.map(({ migration }) => migration)).toEqual([second]);
    const ready = await test.engine.call('getQueue', { states: ['ready'] });
    expect(ready.steps.map(({ migration }) => migration)).toEqual([first]);
    const one = await test.engine.call('getQueue', { migration: first, states: ['ready'] });
    expect(one.steps.map(({ kind }) => kind)).toEqual(['applyLayer']);
    expect(one.counts.ready).toBe(1);
    expect((await test.engine.call('getQueue', { states: ['running'] })).steps).toEqual([]);
    expect((await test.engine.call('getQueue', { source: 'other' })).counts.ready).toBe(0);
  });

  it('knows no steps of migrations that may not be read', async () => {
    const owned = { owners: ['user:default/ann'] };
    await test.engine.setEntity(
      { source: 'lab', id: (await test.engine.call('getTree', { vm: first })).vmId },
      { entityRef: 'resource:default/one', ownerRef: 'user:default/ann' },
      'plugin:catalog',
    );
    const ann = test.engine.as({ actor: 'ann', access: { read: owned, control: owned } });
    const seen = await ann.call('getQueue', {});
    expect(seen.steps.map(({ migration }) => migration)).toEqual([first]);
    expect(seen.counts).toEqual({ running: 0, waiting: 0, queued: 0, ready: 1, paused: 0 });
    expect(JSON.stringify(await ann.call('getQueue', { migration: second }))).not.toContain(second);
  });

  it('is empty when all is done', async () => {
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 4 });
    await test.engine.call('resume', { migration: second });
    await test.until(first, ['migrated']);
    await test.until(second, ['migrated']);
    expect(await test.engine.call('getQueue', {})).toEqual({
      counts: { running: 0, waiting: 0, queued: 0, ready: 0, paused: 0 },
      steps: [],
    });
  }, 180_000);

  async function until(holds: (queue: QueueView) => boolean): Promise<QueueView> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const unlisten = await test.engine.onChange(() => resolve());
      const queue = await test.engine.call('getQueue', {});
      if (!holds(queue)) {
        if (performance.now() > deadline) throw new Error(JSON.stringify(queue, null, 1));
        // Nothing may be told any more: the deadline is looked at all the same.
        await Promise.race([promise, sleep(1_000, undefined, { ref: false })]);
      }
      await unlisten();
      if (holds(queue)) return queue;
    }
  }
});
