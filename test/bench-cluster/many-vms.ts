/**
 * Many VMs with many layers through the whole engine, with movers that move nothing and an API
 * server without a cluster: what is left is the engine's own work and the database's.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { HttpClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/http-cluster-api';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { openBenchEngine, untilMigrated, type BenchEngine } from './bench-engine';
import { perLayer, type RequestCounts } from './counted-api';
import { SimulatedMover } from './simulated-mover';

const LAYERS_A_VM = 10;

export interface ManyResult {
  readonly vms: number;
  readonly layers: number;
  readonly steps: number;
  /** Plans and starts, which read the VMs' files. */
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** User and system time of this process: engine, worker and client. */
  readonly cpuSeconds: number;
  readonly databaseBytes: number;
  readonly largestTables: readonly { readonly name: string; readonly bytes: number }[];
  readonly requestsPerLayer: RequestCounts;
  /** Medians by kind of step, ms: from the end of its last predecessor to its claim, and from there to its end. */
  readonly stepTimes: readonly {
    readonly kind: string;
    readonly waits: number;
    readonly takes: number;
  }[];
  /** Of this process, at the end. */
  readonly residentMib: number;
}

export async function measureManyVms(program: string, vms: number): Promise<ManyResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-bench-many-'));
  const { url, end } = await fakeCluster(program);
  const security = { headers: {}, tls: {}, connectionKey: '' };
  const api = new HttpClusterApi(
    async () => ({ server: url, namespace: 'ns', secure: async () => security }),
    { requestsPerSecond: 100_000 },
  );
  const names = Array.from({ length: vms }, (_, vm) => writeVm(path.join(folder, 'vms'), vm));
  const bench = await openBenchEngine({
    source: {
      name: 'store',
      kind: 'vm-directory',
      options: { folder: path.join(folder, 'vms'), pods: { persistentVolumeClaim: 'store' } },
    },
    api,
    mover: new SimulatedMover(),
  });
  try {
    const database = bench.engine.database;
    await database.query(
      `insert into vm_migrate.class_proof (target_name, storage_class, result) values ('lab', 'fast', $1)`,
      [{ storageClass: 'fast', provedAt: new Date().toISOString(), snapshotsOutliveVolume: true }],
    );
    return await run(bench, names);
  } finally {
    await bench.close();
    end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(bench: BenchEngine, names: readonly string[]): Promise<ManyResult> {
  const { engine, requests } = bench;
  // Nothing runs before all of them are there.
  await engine.database.query(
    `update vm_migrate.work_limit set max_running = 0 where scope = 'all'`,
  );
  const [startBegan, startCpu] = [performance.now(), cpuSeconds()];
  for (const [nth, name] of names.entries()) {
    await engine.call('start', {
      vm: `store/${name}`,
      options: { namePrefix: `vm${nth}`, sampleWindows: 0 },
    });
  }
  const startSeconds = (performance.now() - startBegan) / 1000;
  const startCpuSeconds = cpuSeconds() - startCpu;
  for (const words of Object.keys(requests)) delete requests[words];
  const [began, cpu] = [performance.now(), cpuSeconds()];
  await engine.call('setLimit', { scope: 'all', maxRunning: 50 });
  await untilMigrated(bench, 500);
  const seconds = (performance.now() - began) / 1000;
  const layers = names.length * LAYERS_A_VM;
  const [counts] = await engine.database.query<{ steps: number; bytes: number }>(
    `select count(*)::int as steps, pg_database_size(current_database())::int8 as bytes from vm_migrate.step`,
  );
  const largestTables = await engine.database.query<{ name: string; bytes: number }>(
    `select relname as name, pg_total_relation_size(c.oid)::int8 as bytes from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname like 'vm_migrate%' and relkind = 'r' order by 2 desc limit 5`,
  );
  const stepTimes = await engine.database.query<ManyResult['stepTimes'][0]>(
    `select s.kind, round(percentile_cont(0.5) within group (order by extract(epoch from s.started_at - p.ended) * 1000))::int8 as waits,
            round(percentile_cont(0.5) within group (order by extract(epoch from s.finished_at - s.started_at) * 1000))::int8 as takes
       from vm_migrate.step s join lateral (
         select max(b.finished_at) as ended from vm_migrate.step_after a join vm_migrate.step b on b.migration_id = a.migration_id and b.step_id = a.after_id
          where a.migration_id = s.migration_id and a.step_id = s.step_id) p on true
      where p.ended is not null group by s.kind`,
  );
  return {
    vms: names.length,
    layers,
    steps: counts?.steps ?? 0,
    startSeconds,
    startCpuSeconds,
    seconds,
    stepsPerSecond: (counts?.steps ?? 0) / seconds,
    cpuSeconds: cpuSeconds() - cpu,
    databaseBytes: counts?.bytes ?? 0,
    largestTables,
    requestsPerLayer: perLayer(requests, layers),
    stepTimes,
    residentMib: Math.round(process.memoryUsage().rss / 1024 / 1024),
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Ten layers of one grain each. */
function writeVm(folder: string, nth: number): string {
  const name = `vm-${nth}`;
  const vm = new VmBuilder({ folder: path.join(folder, name), name, displayName: name, seed: nth });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 1024 * 1024 });
  for (let layer = 0; layer < LAYERS_A_VM; layer++) {
    vm.write(disk, layer * 65_536, seededBytes(4096, nth * 100 + layer));
    if (layer + 1 < LAYERS_A_VM) vm.takeSnapshot(`s${layer}`);
  }
  vm.finish();
  return name;
}

async function fakeCluster(program: string): Promise<{ readonly url: string; end(): void }> {
  const child = spawn(process.execPath, [program, '--serve-fake-cluster'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', code => reject(new Error(`the API server ended with ${code}`)));
  });
  return { url, end: () => void child.kill() };
}
