/** Workers are killed in the middle of the proof of a storage class, once in each of its phases. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { seededNumbers } from '../../packages/engine/src/testing/encoders/grains';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import type { ProbePhase } from '../../packages/engine/src/targets/prove-class';
import { PROBE_PHASES } from './dying-in-probe';
import { writeSmallVm } from './small-vm';
import { until } from './until';
import { WorkerFleet, type WorkerProcess } from './worker-fleet';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED = Number(process.env['VM_MIGRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000));
/** A phase takes some milliseconds: it is hit at its beginning, in its middle and at its end. */
const LATEST_MS = 8;
/** Workers that are up and wait to take over; how fast they follow each other. */
const AT_ONCE = 3;
const LEASE_MS = 1_000;
const PATIENCE_MS = 120_000;

describe(`workers that die in the proof of a class (replay with VM_MIGRATE_SEED=${SEED})`, () => {
  const folder = tempFolder();
  const random = seededNumbers(SEED);
  const opened: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of opened.reverse()) await one.close();
  });

  it('one in each phase: the next one proves it, and nothing of any probe is left', async () => {
    const { test, fleet } = await open('phases');
    const migration = await start(test, 'phases');
    const alive = new Set<WorkerProcess>();
    for (const phase of PROBE_PHASES) {
      const worker = doomed(fleet, phase);
      alive.add(worker);
      void worker.ended.then(() => alive.delete(worker));
      await until(async () => alive.size < AT_ONCE, PATIENCE_MS);
    }
    await until(async () => alive.size === 0, PATIENCE_MS);
    const [step] = await test.engine.database.query<{ fence: number }>(
      `select fence from vm_migrate.step where kind = 'proveClass'`,
    );
    expect(step?.fence).toBeGreaterThanOrEqual(PROBE_PHASES.length);
    expect(await test.engine.database.query('select 1 from vm_migrate.class_proof')).toEqual([]);

    fleet.start(1);
    await proved(test, fleet, migration);
    expect(await test.engine.database.query('select 1 from vm_migrate.class_proof')).toHaveLength(
      1,
    );
    expect(probeObjects(test)).toEqual([]);
  }, 240_000);

  it('and another migration proves it meanwhile: what the dead one left is removed all the same', async () => {
    const { test, fleet } = await open('meanwhile');
    const first = await start(test, 'first');
    await doomed(fleet, 'compare').ended;
    expect(probeObjects(test)).not.toEqual([]);
    await test.engine.call('pause', { migration: first });

    const second = await start(test, 'second');
    fleet.start(1);
    await proved(test, fleet, second);
    expect(probeObjects(test)).not.toEqual([]);
    await test.engine.call('resume', { migration: first });
    await proved(test, fleet, first);
    expect(probeObjects(test)).toEqual([]);
  }, 240_000);

  function doomed(fleet: WorkerFleet, phase: ProbePhase): WorkerProcess {
    const [worker] = fleet.start(1, { dieInProbe: { phase, afterMs: random() % LATEST_MS } });
    if (worker === undefined) throw new Error('no worker was started');
    return worker;
  }

  async function open(name: string): Promise<{ test: TestEngine; fleet: WorkerFleet }> {
    const test = await testEngine(path.join(folder, name));
    const fleet = await WorkerFleet.open({
      databaseUrl: test.database.url,
      works: { classFolder: test.classFolder },
      settings: {
        leaseMs: LEASE_MS,
        deadAfterMs: LEASE_MS,
        heartbeatMs: 100,
        reconcileMs: 100,
        probeBytes: 4 * MIB,
      },
    });
    opened.push(test, fleet);
    return { test, fleet };
  }

  async function start(test: TestEngine, name: string): Promise<string> {
    const vm = writeSmallVm(path.join(folder, `vm-${name}`), {
      seed: name.length,
      baseBytes: 256 * KIB,
    });
    const { migration } = await test.engine.call('start', {
      vm: vm.folder,
      options: { sampleWindows: 1, namePrefix: name },
    });
    return migration;
  }

  /** Its first bytes may be written now. */
  async function proved(test: TestEngine, fleet: WorkerFleet, migration: string): Promise<void> {
    await until(async () => {
      const rows = await test.engine.database.query(
        `select 1 from vm_migrate.step where migration_id = $1 and kind = 'proveClass' and state = 'done'`,
        [migration],
      );
      return rows.length > 0;
    }, 60_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${fleet.logs()}`);
    });
  }

  /** Volumes and VolumeSnapshots of probes, also half-made and half-removed ones. */
  function probeObjects(test: TestEngine): string[] {
    return ['volumes', 'snapshots', '.tmp'].flatMap(kind =>
      readdirSync(path.join(test.classFolder, kind)).filter(name => name.includes('vmm-probe-')),
    );
  }
});
