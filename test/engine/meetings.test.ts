/**
 * Two that act on one migration at the same moment: people with people, people with the work. Each
 * meeting is brought about, by a lock or a target that waits, so that it happens every time.
 */
import { renameSync } from 'node:fs';
import path from 'node:path';
import { openTargetPlace } from '../../packages/engine/src/engine';
import { EngineError } from '../../packages/engine/src/errors';
import type { Mover } from '../../packages/engine/src/mover/mover';
import type { Target } from '../../packages/engine/src/targets/target';
import { blockedSession } from '../../packages/engine/src/testing/blocked-session';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { InProcessMover } from '../../packages/engine/src/testing/in-process-mover';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  moverProgram,
  testEngine,
  type TestEngine,
} from '../../packages/engine/src/testing/test-engine';
import { SMALL_VM_POINTS, writeSmallVm } from '../kill/small-vm';
import { until } from '../kill/until';

jest.setTimeout(120_000);

/** Fails a run of a copy, and then the stop of it, as a cluster that went away does. */
class StubbornMover implements Mover {
  refuses = 0;
  private refused: string | undefined;

  constructor(private readonly real: Mover) {}

  attend: Mover['attend'] = async (order, patienceMs) => {
    if (this.refuses > 0 && order.order === 'apply') {
      this.refuses -= 1;
      this.refused = order.runId;
      throw away();
    }
    return this.real.attend(order, patienceMs);
  };
  stop: Mover['stop'] = async runId => {
    if (runId === this.refused) throw away();
    return this.real.stop(runId);
  };
  renew: Mover['renew'] = (runId, rate) => this.real.renew(runId, rate);
  handOver: Mover['handOver'] = runId => this.real.handOver(runId);
  close: Mover['close'] = () => this.real.close();
}

describe('two that act on one migration at once', () => {
  const folder = tempFolder();
  const mover = new StubbornMover(new InProcessMover(moverProgram()));
  /** Resolves when the target may remove; absent: at once. */
  let mayRemove: Promise<void> | undefined;
  let removing = (): void => undefined;
  let test: TestEngine;
  let vms = 0;

  beforeAll(async () => {
    test = await testEngine(folder, {
      mover,
      openTarget: async (place, own) => slowToRemove(await openTargetPlace(place, own)),
    });
  });
  afterAll(() => test?.close());
  beforeEach(() => (mayRemove = undefined));

  const newVm = () => {
    const seed = (vms += 1);
    const vm = writeSmallVm(path.join(folder, `vm-${seed}`), { seed, baseBytes: 256 * 1024 });
    return { ...vm, prefix: `meets-${seed}` };
  };
  const start = (vm: ReturnType<typeof newVm>, begin?: 'when-resumed') =>
    test.engine.call('start', {
      vm: vm.folder,
      options: { namePrefix: vm.prefix },
      ...(begin === undefined ? {} : { begin }),
    });
  const stateOf = async (migration: string) =>
    (await test.engine.call('getMigrations', { migration }))[0]?.state;
  const refusedAs = (found: string) =>
    expect.objectContaining({ code: 'STATE_REFUSED', found }) as unknown;

  it('a cancel that meets the end removes nothing: what is migrated is its owner’s', async () => {
    const { migration } = await start(newVm(), 'when-resumed');
    const last = await test.engine.database.dedicated();
    await last.query('begin');
    await last.query(`update vm_migrate.migration set state = 'migrated' where id = $1`, [
      migration,
    ]);
    const canceled = test.engine
      .call('cancel', { migration, objects: 'remove-all' })
      .catch((error: unknown) => error);
    await blockedSession(test.engine.database);
    await last.query('commit');
    await last.close();
    expect(await canceled).toEqual(refusedAs('it is migrated'));
    const events = await test.engine.call('getEvents', { migration, limit: 100 });
    expect(events.map(({ kind }) => kind)).not.toContain('objects-removed');
  });

  it('a cancel under way is neither paused, resumed, retried nor verified, and ends as canceled', async () => {
    const { migration } = await start(newVm(), 'when-resumed');
    const begun = new Promise<void>(resolve => (removing = resolve));
    let release = (): void => undefined;
    mayRemove = new Promise(resolve => (release = resolve));
    const canceled = test.engine.call('cancel', { migration, objects: 'remove-all' });
    await begun;
    for (const act of ['pause', 'resume', 'retry'] as const)
      await expect(test.engine.call(act, { migration })).rejects.toEqual(
        refusedAs('it is being canceled'),
      );
    await expect(test.engine.call('cancel', { migration, objects: 'keep-all' })).rejects.toEqual(
      refusedAs('another cancel of it is under way'),
    );
    release();
    expect(await canceled).toMatchObject({ state: 'canceled', wanted: 'cancel' });
    expect(await stateOf(migration)).toBe('canceled');
  });

  it('a cancel of a check keeps all that is migrated, and removes nothing of it', async () => {
    const vm = newVm();
    await test.startWorker({ retryBaseMs: 20 });
    const { migration } = await start(vm);
    await test.until(migration, ['migrated']);
    const [{ finishedAt: migratedAt } = { finishedAt: '' }] = await test.engine.call(
      'getMigrations',
      { migration },
    );
    await test.engine.call('setLimit', { scope: 'all', maxRunning: 0 });
    await test.engine.call('verify', { migration });
    await expect(test.engine.call('cancel', { migration, objects: 'remove-all' })).rejects.toEqual(
      refusedAs('it is migrated'),
    );
    const kept = await test.engine.call('cancel', { migration, objects: 'keep-all' });
    expect(kept).toMatchObject({ state: 'migrated', finishedAt: migratedAt });
    // The next check is the one that the history tells of.
    await test.engine.call('verify', { migration });
    const { nodes } = await test.engine.call('getTree', { vm: migration });
    const steps = nodes.flatMap(({ disks }) => disks.flatMap(({ step }) => step ?? []));
    expect(steps.map(({ kind, state }) => `${kind} ${state}`)).toContain('verifySnapshot ready');
    expect(steps.map(({ state }) => state)).not.toContain('canceled');
    await test.engine.call('cancel', { migration, objects: 'keep-all' });
    await test.engine.call('setLimit', { scope: 'all', maxRunning: 4 });
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  });

  it('five starts of one VM are one migration', async () => {
    const vm = newVm();
    const started = await Promise.all(Array.from({ length: 5 }, () => start(vm, 'when-resumed')));
    expect(new Set(started.map(({ migration }) => migration)).size).toBe(1);
    expect(started.map(({ outcome }) => outcome).sort()).toEqual([
      ...new Array<string>(4).fill('already'),
      'started',
    ]);
  });

  it('a second cancel of an old migration leaves the objects of a newer one, which have the same names', async () => {
    const vm = newVm();
    await test.startWorker({ retryBaseMs: 20 });
    await test.engine.call('setLimit', { scope: 'vm', bytesPerSecond: 100_000 });
    const { migration: old } = await start(vm);
    // Its last layer goes away meanwhile: it makes some of its objects, and fails.
    const layer = path.join(vm.folder, vm.current.disks[0]?.layerFile ?? '');
    renameSync(layer, `${layer}.away`);
    await test.engine.call('setLimit', { scope: 'vm', bytesPerSecond: null });
    await test.until(old, ['failed']);
    renameSync(`${layer}.away`, layer);
    await test.engine.call('cancel', { migration: old, objects: 'remove-all' });

    const { migration } = await start(vm);
    await test.until(migration, ['migrated']);
    const again = await test.engine.call('cancel', { migration: old, objects: 'remove-all' });
    expect(again.state).toBe('canceled');
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  });

  it('a worker at work is met by recover, which asks to pause first', async () => {
    const vm = newVm();
    await test.startWorker();
    await test.engine.call('setLimit', { scope: 'vm', bytesPerSecond: 20_000 });
    const { migration } = await start(vm);
    const running = async (kinds = '%') =>
      (
        await test.engine.database.query(
          `select 1 from vm_migrate.step where migration_id = $1 and state = 'running' and kind like $2`,
          [migration, kinds],
        )
      ).length;
    await until(async () => (await running('applyLayer')) > 0);
    const recover = () =>
      test.engine.call('recover', { vm: vm.folder, options: { namePrefix: vm.prefix } });
    await expect(recover()).rejects.toEqual(refusedAs('workers that go on with it'));
    await test.engine.call('pause', { migration });
    await until(async () => (await running()) === 0);
    expect(await recover()).toMatchObject({ migration });
    await test.engine.call('setLimit', { scope: 'vm', bytesPerSecond: null });
    await test.engine.call('resume', { migration });
    await test.until(migration, ['migrated']);
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  });

  it('a mover that cannot be stopped does not keep its failed step from being tried again', async () => {
    const vm = newVm();
    await test.startWorker({ retryBaseMs: 20 });
    mover.refuses = 1;
    const { migration } = await start(vm);
    await test.until(migration, ['migrated']);
    expect(mover.refuses).toBe(0);
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  });

  function slowToRemove(target: Target): Target {
    return new Proxy(target, {
      get(real, property) {
        const value: unknown = Reflect.get(real, property, real);
        if (typeof value !== 'function') return value;
        if (property !== 'remove') return value.bind(real) as unknown;
        return (async (...asked) => {
          removing();
          await mayRemove;
          return real.remove(...asked);
        }) satisfies Target['remove'];
      },
    });
  }
});

function away(): EngineError {
  return new EngineError('CLUSTER_UNREACHABLE', { found: 'it went away', retry: 'later' });
}
