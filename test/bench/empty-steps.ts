/**
 * Steps a second through the whole machinery (queue, claim, lease, transaction, wake-up of children)
 * when the steps themselves do nothing, on an embedded PostgreSQL with fsync on: what the engine
 * adds to every step of a migration.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEngine } from '../../packages/engine/src/engine';
import type { Plan, PlannedStep } from '../../packages/engine/src/plan/plan';
import { graphileQueue } from '../../packages/engine/src/queue/graphile-queue';
import { done, type StepKind } from '../../packages/engine/src/steps/step';
import { STEP_KINDS } from '../../packages/engine/src/steps/table';
import { openPool } from '../../packages/engine/src/store/database';
import { startEmbeddedServer } from '../../packages/engine/src/store/embedded-server';
import { insertMigration } from '../../packages/engine/src/store/migrations';
import { admitSteps } from '../../packages/engine/src/worker/admit-steps';
import { DEFAULT_WORKER_SETTINGS } from '../../packages/engine/src/worker/worker-options';
import { startWorker } from '../../packages/engine/src/worker/worker';

export interface EmptyStepsResult {
  readonly steps: number;
  readonly chains: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

const empty: StepKind = { words: () => 'nothing', advance: async () => done() };

/** `chains` chains of `length` steps each, as disks with that many layers would be. */
export async function measureEmptySteps({
  chains = 20,
  length = 50,
} = {}): Promise<EmptyStepsResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-steps-'));
  const server = await startEmbeddedServer(path.join(folder, 'state'));
  const engine = await openEngine({
    databaseUrl: server.url,
    databaseName: 'bench',
    applicationName: 'vm-migrate bench',
    sources: [{ name: 'nowhere', kind: 'vm-directory', options: { folder } }],
    targets: [
      {
        name: 'local',
        kind: 'local-directory',
        options: { classes: { fast: { path: path.join(folder, 'class') } } },
      },
    ],
    moverProgram: 'none',
  });
  const queue = graphileQueue(
    openPool({ connectionString: server.url, max: 12, options: '-c synchronous_commit=off' }),
  );
  const kinds = Object.fromEntries(
    Object.keys(STEP_KINDS).map(kind => [kind, empty]),
  ) as typeof STEP_KINDS;
  try {
    await engine.database.transaction(tx =>
      insertMigration(tx, {
        id: 'm-empty',
        plan: emptyPlan(chains, length),
        accepted: [],
        actor: 'bench',
      }),
    );
    const worker = await startWorker({
      database: engine.database,
      queue,
      openSource: async () => ({}) as never,
      openTarget: async () => ({ mover: () => ({}) }) as never,
      kinds,
      surface: 'bench',
      version: 'bench',
      settings: DEFAULT_WORKER_SETTINGS,
      log: line => process.stderr.write(`${line}\n`),
    });
    const startedAt = performance.now();
    await engine.database.transaction(tx => admitSteps(tx));
    await untilMigrated(engine.database);
    const seconds = (performance.now() - startedAt) / 1000;
    await worker.stop();
    const steps = chains * length;
    return { steps, chains, seconds, stepsPerSecond: steps / seconds };
  } finally {
    await queue.close();
    await engine.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function untilMigrated(database: Parameters<typeof insertMigration>[0]): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ state: string }>(
      `select state from vm_migrate.migration where id = 'm-empty'`,
    );
    if (row?.state === 'migrated') return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function emptyPlan(chains: number, length: number): Plan {
  const steps: PlannedStep[] = [];
  for (let chain = 0; chain < chains; chain++) {
    for (let index = 0; index < length; index++) {
      steps.push({
        id: `${chain}/${index}`,
        kind: 'takeSnapshot',
        after: index === 0 ? [] : [`${chain}/${index - 1}`],
        priority: 0,
        storageClass: 'fast',
        weightBytes: 0,
      });
    }
  }
  const plan: Pick<Plan, 'version' | 'digest' | 'vm' | 'target' | 'steps'> = {
    version: 1,
    digest: 'empty',
    vm: { source: 'nowhere', id: 'vm', name: 'vm', location: '' },
    target: 'local',
    steps,
  };
  return {
    ...plan,
    options: {},
    disks: [],
    layers: [],
    volumes: [],
    volumeSnapshots: [],
    snapshots: [],
    findings: [],
  } as unknown as Plan;
}
