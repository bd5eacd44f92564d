/**
 * Workers are killed at random moments of migrations on the cluster; then another database looks on,
 * the database is lost, and a new one takes over. `npm run soak` kills more, and lets the cluster
 * fail at random meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { seededNumbers } from '../../packages/engine/src/testing/encoders/grains';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testDatabase } from '../../packages/engine/src/testing/test-database';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { writeSmallVm } from '../kill/small-vm';
import { loggedWindows, logWindows } from '../kill/window-log';
import { describeWithOwnCluster } from '.';
import { FAULTS, HOLD_MS, type Fault, type Mend } from './faults';
import { Lab, type LabEngine } from './lab';
import { wantedNames } from './once-on-cluster';
import { until } from './until';

const KIB = 1024;
const SEED = Number(process.env['VM_MIGRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const KILLS = Number(process.env['VM_MIGRATE_CLUSTER_KILLS'] ?? 10);
/** Of the cluster, at random, between the kills. */
const CHAOS = Number(process.env['VM_MIGRATE_CLUSTER_FAULTS'] ?? 0);
/** What is not done by then is left out. */
const MINUTES = Number(process.env['VM_MIGRATE_CLUSTER_MINUTES'] ?? 60);
const WORKERS = 2;
/** A fault that nothing meets meanwhile need not be named. */
const NAMED_WITHIN_MS = 25_000;
const PROGRESS_WITHIN_MS = 3_000;
const BUSY_EVERY_MS = 2_000;
const RATE = 96 * KIB;
jest.setTimeout(300_000 + KILLS * 20_000 + CHAOS * (60_000 + HOLD_MS));

type Action = 'kill' | Fault;

interface Started {
  readonly vm: WrittenVm;
  readonly migration: string;
}

describeWithOwnCluster(
  `${KILLS} kills and ${CHAOS} faults on the cluster (replay with VM_MIGRATE_SEED=${SEED} VM_MIGRATE_CLUSTER_KILLS=${KILLS} VM_MIGRATE_CLUSTER_FAULTS=${CHAOS})`,
  () => {
    const folder = tempFolder();
    const random = seededNumbers(SEED);
    const below = (limit: number) => random() % limit;
    let lab: Lab;
    let engine: LabEngine;
    let lost: Started;

    beforeAll(async () => {
      lab = await Lab.open(folder);
      engine = await lab.engine(await testDatabase());
      await logWindows(engine.test.engine.database);
      await lab.trustClass(engine);
    });
    afterAll(() => lab?.close());

    it('lose nothing and repeat nothing', async () => {
      const actions = shuffled<Action>([
        ...Array.from({ length: KILLS }, () => 'kill' as const),
        ...Array.from({ length: CHAOS }, (_, nth) => FAULTS[nth % FAULTS.length] as Fault),
      ]);
      const started: Started[] = [];
      const late = performance.now() + MINUTES * 60_000;
      const done: string[] = [];
      await limit(RATE);
      engine.fleet.start(WORKERS);
      for (const action of actions) {
        if (performance.now() > late) break;
        done.push(action === 'kill' ? action : action.name);
        await keepBusy(started);
        await progressed(1 + below(3));
        await (action === 'kill' ? kill() : chaos(action, started));
      }
      process.stderr.write(
        `  seed ${SEED}: ${done.length} of ${actions.length} in ${started.length} migrations\n`,
      );
      lost = await withCuts(started);
      await limit(null);
      const others = started.filter(one => one !== lost);
      for (const { migration } of others) await settled(migration);
      for (const worker of engine.fleet.workers) worker.signal('SIGKILL');
      await Promise.all(engine.fleet.workers.map(worker => worker.ended));
      for (const { migration, vm } of others) await lab.expectPoints(engine, migration, vm);
      // What killed workers' readers still held is its business, as after any migration.
      await engine.test.engine.call('cleanup', { remove: true });
      expectEachWindowOnce(await loggedWindows(engine.test.engine.database));
    });

    it('another database is refused by name and touches nothing', async () => {
      const before = await everything();
      const other = await lab.engine();
      await lab.trustClass(other);
      other.fleet.start(1);
      const migration = await lab.start(other, lost.vm, { namePrefix: prefixOf(lost.vm) });
      await other.test.until(migration, ['failed'], 180_000);
      const { steps } = await other.test.engine.call('describe', { migration });
      expect(steps.flatMap(({ error }) => (error === null ? [] : [error.code]))).toEqual([
        'VOLUME_FOREIGN',
      ]);
      await other.test.engine.call('cancel', { migration, objects: 'remove-all' });
      await other.test.engine.call('cleanup', { remove: true });
      await other.fleet.end();
      expect(await everything()).toEqual(before);
    });

    it('a lost database is recovered from the cluster, and what was cut is not copied again', async () => {
      const others = await wantedNames(engine.test.engine.database, lost.migration);
      const cut = await engine.test.engine.database.query<{ layer: string }>(
        `select layer_id as layer from vm_migrate.volume_snapshot where state = 'ready' and migration_id = $1`,
        [lost.migration],
      );
      await engine.test.close();
      await engine.database.drop();
      const next = await lab.engine();
      await logWindows(next.test.engine.database);
      await lab.trustClass(next);
      const recovered = {
        vm: `store/${lost.vm.displayName}`,
        options: { namePrefix: prefixOf(lost.vm), sampleWindows: 1 },
      };
      await expect(next.test.engine.call('recover', recovered)).rejects.toMatchObject({
        code: 'VOLUME_FOREIGN',
      });
      const { migration } = await next.test.engine.call('recover', {
        ...recovered,
        takeOver: true,
      });
      expect(migration).toBe(lost.migration);
      next.fleet.start(1);
      await next.test.until(migration, ['migrated'], 300_000);
      const again = new Set(
        (await loggedWindows(next.test.engine.database)).map(({ stepId }) =>
          stepId.split(':').at(-1),
        ),
      );
      expect(cut.filter(({ layer }) => again.has(layer))).toEqual([]);
      await lab.expectPoints(next, migration, lost.vm);
      await next.fleet.end();
      // Generations that were replaced go; of the lost database's other migrations nothing does.
      await next.test.engine.call('cleanup', { remove: true });
      const own = await wantedNames(next.test.engine.database);
      await lab.expectOnce({
        volumes: [...others.volumes, ...own.volumes],
        cuts: [...others.cuts, ...own.cuts],
      });
    });

    const limit = (bytesPerSecond: number | null) =>
      engine.test.engine.call('setLimit', { scope: 'all', bytesPerSecond });
    const prefixOf = (vm: WrittenVm) => vm.displayName.replace(' ', '-');

    /** Two migrations at least are under way; a new VM where there are fewer. */
    async function keepBusy(started: Started[]): Promise<void> {
      const open = await Promise.all(started.map(({ migration }) => stateOf(migration)));
      for (const [index, state] of open.entries())
        if (state === 'failed') await retried(started[index]?.migration ?? '');
      for (let busy = open.filter(state => state !== 'migrated').length; busy < 2; busy++) {
        const nth = started.length;
        const vm = writeSmallVm(lab.vmFolder(`vm-${nth}`), { seed: SEED + nth });
        const migration = await lab.start(engine, vm, { namePrefix: prefixOf(vm) });
        started.push({ vm, migration });
      }
    }

    async function kill(): Promise<void> {
      const worker = await until('a worker to kill', 30_000, () => {
        const running = engine.fleet.running();
        return running[below(running.length)];
      });
      worker.signal('SIGKILL');
      await worker.ended;
      engine.fleet.start(1);
    }

    /** Some faults wait for what they strike, and meanwhile what the one before has failed is to go on. */
    async function begun(fault: Fault, started: Started[]): Promise<Mend> {
      const beginning = fault.begin(lab, engine);
      const isOver = beginning.then(
        () => true,
        () => true,
      );
      while (!(await Promise.race([isOver, sleep(BUSY_EVERY_MS, false)]))) await keepBusy(started);
      return beginning.catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await openSteps()}`);
      });
    }

    /** What every migration that is not done does, for whoever has to find out why nothing happens. */
    async function openSteps(): Promise<string> {
      const rows = await engine.test.engine.database.query<{ line: string }>(
        `select concat_ws(' ', m.id, m.state, s.step_id, s.state, s.lease_owner, s.lease_until, s.not_before, s.reason, s.error->>'message') as line
           from vm_migrate.migration m left join vm_migrate.step s on s.migration_id = m.id and s.state not in ('done', 'blocked')
          where m.state <> 'migrated'`,
      );
      return [...rows.map(({ line }) => line), engine.fleet.logs()].join('\n');
    }

    async function chaos(fault: Fault, started: Started[]): Promise<void> {
      const mend = await begun(fault, started);
      try {
        const named =
          fault.words === undefined
            ? undefined
            : await lab.named(engine, fault.words, NAMED_WITHIN_MS).catch(() => undefined);
        process.stderr.write(`  ${fault.name}: ${named?.words ?? 'met by nobody'}\n`);
        await sleep(HOLD_MS);
      } finally {
        await mend();
      }
    }

    /** One that has VolumeSnapshots and is not at its end: its database is lost next. */
    async function withCuts(started: Started[]): Promise<Started> {
      await keepBusy(started);
      return until('a migration with VolumeSnapshots', 120_000, async () => {
        const rows = await engine.test.engine.database.query<{ id: string }>(
          `select m.id from vm_migrate.migration m where m.state = 'running'
              and (select count(*) from vm_migrate.volume_snapshot s where s.migration_id = m.id and s.state = 'ready') >= 1
              and exists (select 1 from vm_migrate.step s where s.migration_id = m.id and s.kind = 'applyLayer' and s.state <> 'done')`,
        );
        const found = started.find(({ migration }) => rows.some(({ id }) => id === migration));
        if (found === undefined) await keepBusy(started);
        else await engine.test.engine.call('pause', { migration: found.migration });
        return found;
      });
    }

    async function stateOf(migration: string): Promise<string> {
      const [row] = await engine.test.engine.call('getMigrations', { migration });
      return row?.state ?? 'gone';
    }

    /** A failure has a name; what caused it is mended, so it goes on. */
    async function retried(migration: string): Promise<void> {
      const { steps } = await engine.test.engine.call('describe', { migration });
      const codes = steps.flatMap(({ error, state }) =>
        state === 'failed' && error !== null ? [error.code] : [],
      );
      process.stderr.write(`  ${migration} failed with ${codes.join(', ')}; retry\n`);
      expect(codes).not.toContain('INTERNAL');
      await engine.test.engine.call('retry', { migration });
    }

    async function settled(migration: string): Promise<void> {
      await until(`${migration} to be migrated`, 300_000, async () => {
        const state = await stateOf(migration);
        if (state === 'failed') await retried(migration);
        return state === 'migrated';
      });
    }

    async function progressed(by: number): Promise<void> {
      const reached = async () => {
        const [row] = await engine.test.engine.database.query<{ count: number }>(
          `select (select count(*) from test_log.copied) + (select count(*) from vm_migrate.event where kind = 'step-done') as count`,
        );
        return row?.count ?? 0;
      };
      const start = await reached();
      await until(
        'progress',
        PROGRESS_WITHIN_MS,
        async () => (await reached()) >= start + by,
      ).catch(
        () => undefined, // after a kill there may be none for a lease
      );
    }

    /** Every object of the namespace that is there to stay, with what changes when somebody touches it. */
    async function everything(): Promise<string[]> {
      interface Found {
        readonly kind: string;
        readonly metadata: {
          readonly name: string;
          readonly uid: string;
          readonly resourceVersion: string;
          readonly deletionTimestamp?: string;
        };
      }
      const text = await lab.kubectl.run(['get', 'pvc,volumesnapshots', '-o', 'json']);
      return (JSON.parse(text) as { items: Found[] }).items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ kind, metadata: { name, uid, resourceVersion } }) =>
          [kind, name, uid, resourceVersion].join(' '),
        )
        .sort();
    }

    function shuffled<T>(items: readonly T[]): T[] {
      const left = [...items];
      return Array.from({ length: left.length }, () => left.splice(below(left.length), 1)[0] as T);
    }
  },
);

/** What one mover reported durable no later one wrote again on the same volume. */
function expectEachWindowOnce(windows: Awaited<ReturnType<typeof loggedWindows>>): void {
  const keys = windows.map(({ migrationId, stepId, windowIndex, generation }) =>
    [migrationId, stepId, windowIndex, generation].join('/'),
  );
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
}
