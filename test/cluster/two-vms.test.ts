/**
 * Two VMs side by side under limits that change while they run, in a namespace that admits restricted
 * pods only, by an account with just the rights that `doctor --rbac` prints.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { writeSmallVm } from '../kill/small-vm';
import { PromisedTimes } from '../promised-times';
import { describeWithOwnCluster } from '.';
import { getObject } from './api';
import { existingInstance } from './instance';
import { Lab, type LabEngine } from './lab';
import { until } from './until';

const KIB = 1024;
const MIB = 1024 * KIB;
/** What a limit may take to be felt. */
const EFFECTIVE_MS = 2_000;
/** The kubelet brings a rate into a file that the mover reads once a second: on a busy machine it is late. */
const FELT_BY_MOVERS_MS = 60_000;

describeWithOwnCluster('two VMs on the cluster', () => {
  const folder = tempFolder();
  const effective = new PromisedTimes(EFFECTIVE_MS);
  let lab: Lab;
  let engine: LabEngine;
  beforeAll(async () => {
    lab = await Lab.open(folder);
    engine = await lab.engine();
    await lab.trustClass(engine);
  }, 300_000);
  afterAll(() => lab?.close());

  it('keep to limits of all, of each VM and of a class, and feel a change within two seconds', async () => {
    const vms = [1, 2].map(nth =>
      writeSmallVm(lab.vmFolder(`vm-${nth}`), { seed: 30 + nth, baseBytes: MIB }),
    );
    await limit('all', { maxRunning: 1, bytesPerSecond: 64 * KIB });
    engine.fleet.start(2);
    const started = [];
    for (const vm of vms)
      started.push({
        vm,
        migration: await lab.start(engine, vm, { namePrefix: vm.displayName.replace(' ', '-') }),
      });
    await lab.copying(engine, 0);
    expect(await mostDuring(2_000)).toEqual({ all: 1, ofOneVm: 1 });

    // Room for three, and yet one for each VM.
    await limit('vm', { maxRunning: 1 });
    await limit('all', { maxRunning: 3 });
    await soon('both VMs to be copied', async () => (await copying()).all === 2);
    expect(await mostDuring(2_000)).toEqual({ all: 2, ofOneVm: 1 });

    // No step more of the class; what runs runs on.
    await limit('class:fast', { maxRunning: 0 });
    await limit('all', { bytesPerSecond: null });
    const before = await windows();
    await soon('pods to be told their rate', async () =>
      (await ratesOfPods()).every(rate => rate === '0'),
    );
    await until('the rate to rise', FELT_BY_MOVERS_MS, async () => (await windows()) > before + 6);
    await until('what ran to end', 60_000, async () => (await copying()).all === 0);
    expect(await mostDuring(1_000)).toEqual({ all: 0, ofOneVm: 0 });

    await limit('class:fast', { maxRunning: null });
    await soon('the class to go on', async () => (await copying()).all > 0);
    await limit('vm', { maxRunning: null });
    effective.expectKept();
    await lab.expectMigrated(engine, started);
  }, 600_000);

  const limit = (
    scope: string,
    change: { readonly maxRunning?: number | null; readonly bytesPerSecond?: number | null },
  ) => engine.test.engine.call('setLimit', { scope, ...change });

  interface Copying {
    readonly all: number;
    readonly ofOneVm: number;
  }

  /** Steps that a worker holds and that move bytes, as the tables say it. */
  async function copying(): Promise<Copying> {
    const rows = await engine.test.engine.database.query<{ count: number }>(
      `select count(*) as count from vm_migrate.step
        where state = 'running' and kind in ('applyLayer', 'sampleSnapshot', 'verifySnapshot') group by migration_id`,
    );
    const counts = rows.map(({ count }) => count);
    return { all: counts.reduce((sum, one) => sum + one, 0), ofOneVm: Math.max(0, ...counts) };
  }

  async function mostDuring(ms: number): Promise<Copying> {
    const most = { all: 0, ofOneVm: 0 };
    const end = performance.now() + ms;
    while (performance.now() < end) {
      const now = await copying();
      most.all = Math.max(most.all, now.all);
      most.ofOneVm = Math.max(most.ofOneVm, now.ofOneVm);
      await sleep(50);
    }
    return most;
  }

  /** As the pods that have not ended are told. */
  async function ratesOfPods(): Promise<(string | undefined)[]> {
    const instance = existingInstance(lab.cluster.name);
    if (instance === undefined) throw new Error('no cluster of this machine');
    interface Found {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
      readonly status?: { readonly phase?: string };
    }
    const { items } = await getObject<{ items: Found[] }>(
      instance,
      `/api/v1/namespaces/${lab.kubectl.namespace}/pods?labelSelector=app.kubernetes.io/component%3Dmover`,
    );
    return items
      .filter(({ status }) => status?.phase === 'Running')
      .map(({ metadata }) => metadata.annotations?.['vm-migrate.io/bytes-per-second']);
  }

  async function windows(): Promise<number> {
    const [row] = await engine.test.engine.database.query<{ count: number }>(
      'select count(*) as count from vm_migrate.copied_window',
    );
    return row?.count ?? 0;
  }

  async function soon(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const began = performance.now();
    await until(what, 30_000, isSo);
    effective.add(what, performance.now() - began);
  }
});
