/**
 * What a person removes by hand under a running migration: the VolumeSnapshot of a fork before its
 * side branch is restored from it, and block tables. Each removal comes right before the call that
 * counts on the object; the migration ends by itself and equals the model.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { openTargetPlace } from '../../packages/engine/src/engine';
import type { Pending, Target } from '../../packages/engine/src/targets/target';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { InProcessMover } from '../../packages/engine/src/testing/in-process-mover';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  moverProgram,
  testEngine,
  type TestEngine,
} from '../../packages/engine/src/testing/test-engine';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';

const KIB = 1024;

/** A call of the target that counts on something, before it is made. */
type TargetCall =
  | { readonly what: 'restore'; readonly volume: string; readonly from: string }
  | { readonly what: 'cut'; readonly volume: string; readonly snapshot: string }
  | { readonly what: 'mark'; readonly volume: string; readonly phase: string };

/** Removes something; `Pending` when the call is to come again. */
type Hand = (call: TargetCall) => Promise<Pending | undefined>;

describe('removed by hand under a running migration:', () => {
  const folder = tempFolder();
  /** By what every name of a migration's objects begins with. */
  const hands = new Map<string, Hand>();
  let test: TestEngine;

  beforeAll(async () => {
    const before: Hand = async call =>
      [...hands].find(([prefix]) => call.volume.startsWith(`${prefix}-`))?.[1](call);
    test = await testEngine(folder, {
      mover: new InProcessMover(moverProgram()),
      openTarget: async (place, mover) => watched(await openTargetPlace(place, mover), before),
    });
    await test.engine.call('setLimit', { scope: 'all', maxRunning: 8 });
    await test.startWorker({ retryBaseMs: 20 });
  });
  afterAll(() => test?.close());

  it("a fork's VolumeSnapshot before its side branch is restored: it is taken again", async () => {
    await Promise.all([
      loseFork({ at: 'base', when: 'late', keep: 'all' }),
      loseFork({ at: 'delta', when: 'early', keep: 'all' }),
      // Nobody keeps the fork: its VolumeSnapshot is a working one.
      loseFork({ at: 'delta', when: 'late', keep: 'others' }),
    ]);
  }, 360_000);

  interface LostFork {
    readonly at: 'base' | 'delta';
    /** The side branch is restored as soon as it can be, or when the main volume is written to its end. */
    readonly when: 'early' | 'late';
    readonly keep: 'all' | 'others';
  }

  async function loseFork({ at, when, keep }: LostFork): Promise<void> {
    const name = `${at}-${when}-${keep}`;
    const vm = forkedVm(path.join(folder, name), at);
    let migration = '';
    const removed: string[] = [];
    await migrate(name, vm, keep === 'all' ? vm : without(vm, 'fork'), {
      onStart: id => (migration = id),
      hand: async call => {
        if (call.what !== 'restore' || call.volume.endsWith('-check') || removed.length > 0)
          return undefined;
        if (when === 'late' && !(await mainIsWritten(migration)))
          return { pending: true, retryMs: 200, reason: 'the main volume to be written' };
        removed.push(call.from);
        rmSync(path.join(test.classFolder, 'snapshots', call.from), { recursive: true });
        return undefined;
      },
    });
    const [lost, replaced] = [
      await eventsOf(migration, 'volume-snapshot-lost'),
      await eventsOf(migration, 'volume-replaced'),
    ];
    expect({ name, removed: removed.length, lost: lost.length }).toEqual({
      name,
      removed: 1,
      lost: 1,
    });
    // What stood on the main volume had gone on: it was brought back to the fork.
    if (when === 'late') expect({ name, replaced: replaced.length }).toEqual({ name, replaced: 1 });
  }

  it('a volume, and the VolumeSnapshot that it would be restored from: an older one serves', async () => {
    const cuts: string[] = [];
    const vm = forkedVm(path.join(folder, 'both'), 'delta');
    const { migration } = await migrate('both', vm, vm, {
      hand: async call => {
        if (call.what !== 'cut' || cuts.includes(call.snapshot)) return undefined;
        if (!(await isMain(call.volume))) return undefined;
        const newest = cuts.at(-1);
        cuts.push(call.snapshot);
        if (cuts.length !== 3 || newest === undefined) return undefined;
        rmSync(path.join(test.classFolder, 'volumes', call.volume), { recursive: true });
        rmSync(path.join(test.classFolder, 'snapshots', newest), { recursive: true });
        return undefined;
      },
    });
    expect(await eventsOf(migration, 'volume-snapshot-lost')).toHaveLength(1);
    expect((await eventsOf(migration, 'volume-replaced')).length).toBeGreaterThanOrEqual(1);
  }, 180_000);

  it('a block table: it is made again by reading, and no layer is written twice for it', async () => {
    const isCheck = (volume: string): boolean => volume.endsWith('-check');
    await Promise.all([
      // A VolumeSnapshot's, before a side branch is restored from it.
      loseTables('t-restore', call =>
        call.what === 'restore' && !isCheck(call.volume) ? tableOfSnapshot(call.from) : [],
      ),
      // A VolumeSnapshot's, before a restore of it is sampled.
      loseTables('t-sample', call =>
        call.what === 'restore' && isCheck(call.volume) ? tableOfSnapshot(call.from) : [],
      ),
      // A volume's, before it is cut.
      loseTables('t-cut', call => (call.what === 'cut' ? tablesOfVolume(call.volume) : [])),
      // A volume's, before the next delta is written.
      loseTables('t-apply', call =>
        call.what === 'mark' && call.phase === 'writing' ? tablesOfVolume(call.volume) : [],
      ),
    ]);
  }, 360_000);

  async function loseTables(
    name: string,
    tablesAt: (call: TargetCall) => readonly string[],
  ): Promise<void> {
    const vm = forkedVm(path.join(folder, name), 'delta');
    const removed = new Set<string>();
    const { migration } = await migrate(name, vm, vm, {
      hand: async call => {
        // One that was made again stays.
        for (const table of tablesAt(call).filter(file => existsSync(file) && !removed.has(file))) {
          rmSync(table);
          removed.add(table);
        }
        return undefined;
      },
    });
    expect({ name, some: removed.size > 0 }).toEqual({ name, some: true });
    expect(await eventsOf(migration, 'volume-replaced')).toEqual([]);
  }

  const tableOfSnapshot = (name: string): string[] => [
    path.join(test.classFolder, 'snapshots', name, 'blocks.table'),
  ];
  const tablesOfVolume = (name: string): string[] => {
    const tables = path.join(test.classFolder, 'volumes', name, 'tables');
    return existsSync(tables) ? readdirSync(tables).map(table => path.join(tables, table)) : [];
  };

  /** In its first generation. */
  async function isMain(volume: string): Promise<boolean> {
    const rows = await test.engine.database.query(
      `select 1 from vm_migrate.volume where base_name = $1 and role = 'main'`,
      [volume],
    );
    return rows.length > 0;
  }

  async function mainIsWritten(migration: string): Promise<boolean> {
    const [row] = await test.engine.database.query<{ open: number }>(
      `select count(*) as open from vm_migrate.step s join vm_migrate.volume v using (migration_id, volume_id)
        where s.migration_id = $1 and v.role = 'main' and s.kind in ('applyLayer', 'takeSnapshot') and s.state <> 'done'`,
      [migration],
    );
    return migration !== '' && row?.open === 0;
  }

  async function eventsOf(migration: string, kind: string): Promise<unknown[]> {
    return test.engine.database.query(
      'select message from vm_migrate.event where migration_id = $1 and kind = $2',
      [migration, kind],
    );
  }

  function left(prefix: string, kind: 'volumes' | 'snapshots'): string[] {
    return readdirSync(path.join(test.classFolder, kind)).filter(name =>
      name.startsWith(`${prefix}-`),
    );
  }

  async function migrate(
    name: string,
    vm: WrittenVm,
    wanted: WrittenVm,
    { hand, onStart }: { readonly hand: Hand; readonly onStart?: (migration: string) => void },
  ): Promise<{ readonly migration: string }> {
    hands.set(name, hand);
    const { migration } = await test.engine.call('start', {
      vm: vm.folder,
      options: {
        sampleWindows: 2,
        namePrefix: name,
        keep: { rule: 'names', names: wanted.snapshots.map(snapshot => snapshot.name) },
      },
    });
    onStart?.(migration);
    await test.until(migration, ['migrated'], 90_000);
    expect(await expectMigrated(test.engine, migration, wanted, test.classFolder)).toBe(
      wanted.snapshots.length + 1,
    );
    expect(
      await test.engine.database.query(
        `select distinct flag from vm_migrate.layer where migration_id = $1 and flag <> 'migrated'`,
        [migration],
      ),
    ).toEqual([]);
    // What was sampled is still, or again, more than read back before the cut.
    const sampled = await test.engine.database.query<{ proof: string }>(
      `select v.proof from vm_migrate.step s join vm_migrate.volume_snapshot v using (migration_id, volume_snapshot_id)
        where s.migration_id = $1 and s.kind = 'sampleSnapshot'`,
      [migration],
    );
    expect(sampled).toEqual([{ proof: 'sampled' }]);
    hands.delete(name);
    await test.engine.call('cleanup', { remove: true });
    expect({ name, volumes: left(name, 'volumes').length }).toEqual({ name, volumes: 1 });
    expect(left(name, 'snapshots')).toHaveLength(wanted.snapshots.length);
    return { migration };
  }
});

/** Asks `before` ahead of each call that counts on an object. */
function watched(inner: Target, before: Hand): Target {
  const calls: Pick<Target, 'ensureVolumeFrom' | 'ensureVolumeSnapshot' | 'mark'> = {
    ensureVolumeFrom: async (spec, from) =>
      (await before({ what: 'restore', volume: spec.name, from })) ??
      inner.ensureVolumeFrom(spec, from),
    ensureVolumeSnapshot: async spec =>
      (await before({ what: 'cut', volume: spec.volume, snapshot: spec.name })) ??
      inner.ensureVolumeSnapshot(spec),
    async mark(volume, expected, next) {
      await before({ what: 'mark', volume, phase: next.phase });
      await inner.mark(volume, expected, next);
    },
  };
  return new Proxy(inner, {
    get(of, key) {
      if (key in calls) return Reflect.get(calls, key) as unknown;
      const value: unknown = Reflect.get(of, key);
      return typeof value === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(value, of, args)
        : value;
    },
  });
}

/** A fork of which both sides go on for two deltas, at the base or above a delta. */
function forkedVm(folder: string, at: 'base' | 'delta'): WrittenVm {
  const vm = new VmBuilder({ folder, name: 'forked', seed: 11 });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 1024 * KIB });
  let stream = 50;
  const write = (offset: number) =>
    vm.write(disk, offset * KIB, seededBytes(70 * KIB, (stream += 1)));
  write(0);
  write(500);
  if (at === 'delta') {
    vm.takeSnapshot('first');
    write(60);
  }
  const fork = vm.takeSnapshot('fork');
  write(128);
  vm.takeSnapshot('side');
  write(700);
  vm.takeSnapshot('side, later');
  vm.revert(fork);
  write(300);
  vm.writeZeros(disk, 512 * KIB, 64 * KIB);
  vm.takeSnapshot('second');
  write(10);
  vm.takeSnapshot('third');
  write(900);
  return vm.finish();
}

function without(vm: WrittenVm, name: string): WrittenVm {
  return { ...vm, snapshots: vm.snapshots.filter(snapshot => snapshot.name !== name) };
}
