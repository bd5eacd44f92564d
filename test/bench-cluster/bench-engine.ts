/** An engine with a database of its own (embedded, fsync on) whose Kubernetes target counts its requests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openEngine, type ConfiguredPlace, type Engine } from '../../packages/engine/src/engine';
import type { Mover } from '../../packages/engine/src/mover/mover';
import { startEmbeddedServer } from '../../packages/engine/src/store/embedded-server';
import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';
import { KubernetesTarget } from '../../packages/engine/src/targets/kubernetes/kubernetes-target';
import {
  kubernetesOptionsSchema,
  type KubernetesOptions,
} from '../../packages/engine/src/targets/kubernetes/options';
import { ClusterPods } from '../../packages/engine/src/targets/kubernetes/pods/cluster-pods';
import type { TargetPods } from '../../packages/engine/src/targets/kubernetes/target-pods';
import { DEFAULT_WORKER_SETTINGS } from '../../packages/engine/src/worker/worker-options';
import { countedApi, type RequestCounts } from './counted-api';

export interface BenchEngine {
  readonly engine: Engine;
  readonly requests: RequestCounts;
  close(): Promise<void>;
}

export interface BenchEngineOptions {
  readonly source: ConfiguredPlace;
  /** Closed with the engine. */
  readonly api: ClusterApi;
  readonly options?: object;
  readonly image?: string;
  /** Instead of pods. */
  readonly mover?: Mover;
}

/** One worker with the settings of production is at work when it returns. */
export async function openBenchEngine({
  source,
  api,
  options = {},
  image = '',
  mover,
}: BenchEngineOptions): Promise<BenchEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-bench-engine-'));
  const server = await startEmbeddedServer(path.join(folder, 'state'));
  const requests: RequestCounts = {};
  const counted = countedApi(api, requests);
  const parsed = kubernetesOptionsSchema.parse({ volumeMode: 'Block', ...options });
  const pods = mover === undefined ? realPods(counted, image, parsed) : podsOf(mover);
  const target = new KubernetesTarget('lab', parsed, { api: counted, pods });
  const engine = await openEngine({
    databaseUrl: server.url,
    databaseName: 'bench',
    applicationName: 'vm-migrate bench',
    sources: [source],
    targets: [{ name: 'lab', kind: 'kubernetes', isDefault: true, options: parsed }],
    moverProgram: 'none',
    openTarget: async () => target,
  });
  const worker = await engine.startWorker({
    surface: 'bench',
    version: 'bench',
    settings: DEFAULT_WORKER_SETTINGS,
    log: line => process.stderr.write(`${line}\n`),
  });
  return {
    engine,
    requests,
    async close() {
      await worker.stop();
      await target.close();
      await engine.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function realPods(api: ClusterApi, image: string, options: KubernetesOptions): TargetPods {
  return new ClusterPods({
    api,
    image: () => image,
    pods: { imagePullPolicy: 'Never', ...options.pods },
  });
}

/** Where the mover needs no pods, neither does the probe, which the caller has to make unnecessary. */
function podsOf(mover: Mover): TargetPods {
  return {
    mover: () => mover,
    release: async () => undefined,
    probeIo: () => {
      throw new Error('no class is proved here');
    },
  };
}

/** Waits for the migrations, and throws what failed. */
export async function untilMigrated(
  { engine }: BenchEngine,
  everyMs = 50,
  only?: string,
): Promise<void> {
  for (;;) {
    const rows = await engine.database.query<{ state: string; count: number }>(
      `select state, count(*)::int as count from vm_migrate.migration where id = coalesce($1, id) group by state`,
      [only ?? null],
    );
    if (rows.every(row => row.state === 'migrated')) return;
    if (rows.some(row => row.state === 'failed')) {
      const failed = await engine.database.query(
        `select step_id, error from vm_migrate.step where state = 'failed' limit 3`,
      );
      throw new Error(JSON.stringify(failed, null, 1));
    }
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
}
