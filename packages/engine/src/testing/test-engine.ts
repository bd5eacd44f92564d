/**
 * A whole engine for tests: a fresh database, a local target in a temporary folder, workers in this
 * process, movers as real child processes of the built program.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { openEngine, type Engine, type EngineOptions } from '../engine';
import { EngineError } from '../errors';
import type { Worker } from '../worker/worker';
import type { WorkerSettings } from '../worker/worker-options';
import type { MigrationStateView } from '@vm-migrate/api';
import { testDatabase, type TestDatabase } from './test-database';

export interface TestEngine {
  readonly engine: Engine;
  readonly database: TestDatabase;
  readonly folder: string;
  readonly classFolder: string;
  readonly logs: string[];
  startWorker(settings?: Partial<WorkerSettings>): Promise<Worker>;
  /** Waits until the migration is in one of the states, or any state in which nothing moves. */
  until(
    migration: string,
    states: readonly MigrationStateView[],
    timeoutMs?: number,
  ): Promise<MigrationStateView>;
  close(): Promise<void>;
}

/** Times of about a second, so that takeovers happen within a test. */
export const TEST_WORKER_SETTINGS: Partial<WorkerSettings> = {
  leaseMs: 2_000,
  deadAfterMs: 2_000,
  heartbeatMs: 300,
  reconcileMs: 300,
  retryBaseMs: 200,
  windowBytes: 1024 * 1024 * 4,
  probeBytes: 1024 * 1024,
};

export function moverProgram(): string {
  const program = path.resolve(__dirname, '../../../mover/dist/mover.cjs');
  if (!existsSync(program)) throw new Error(`${program} is not built: npm run build`);
  return program;
}

export interface TestEngineOptions extends Partial<
  Pick<EngineOptions, 'mover' | 'openSource' | 'openTarget' | 'sources' | 'targets'>
> {
  /** Shared with another engine; else a fresh one that goes with this engine. */
  readonly database?: TestDatabase;
}

/** `folder` is the caller's temporary folder. */
export async function testEngine(
  folder: string,
  { database: given, mover, openSource, openTarget, sources = [], targets }: TestEngineOptions = {},
): Promise<TestEngine> {
  const database = given ?? (await testDatabase());
  const classFolder = path.join(folder, 'target', 'fast');
  const engine = await openEngine({
    databaseUrl: database.url,
    databaseName: 'test',
    applicationName: 'vm-migrate test',
    sources,
    targets: targets ?? [
      {
        name: 'local',
        kind: 'local-directory',
        options: { classes: { fast: { path: classFolder, default: true } } },
        isDefault: true,
      },
    ],
    moverProgram: moverProgram(),
    mover,
    openSource,
    openTarget,
  });
  const workers: Worker[] = [];
  const logs: string[] = [];
  return {
    engine,
    database,
    folder,
    classFolder,
    logs,
    async startWorker(settings) {
      const worker = await engine.startWorker({
        surface: 'test',
        version: 'test',
        settings: { ...TEST_WORKER_SETTINGS, ...settings },
        log: line => logs.push(line),
      });
      workers.push(worker);
      return worker;
    },
    until: (migration, states, timeoutMs = 120_000) =>
      until(engine, migration, states, timeoutMs, logs),
    async close() {
      await Promise.all(workers.map(worker => worker.stop()));
      await engine.close();
      if (given === undefined) await database.drop();
    },
  };
}

async function until(
  engine: Engine,
  id: string,
  states: readonly MigrationStateView[],
  timeoutMs: number,
  logs: readonly string[],
): Promise<MigrationStateView> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const [migration] = await engine.call('getMigrations', { migration: id });
    if (migration === undefined) throw new EngineError('NOT_FOUND', { where: { object: id } });
    if (states.includes(migration.state)) return migration.state;
    if (migration.state === 'failed' || performance.now() > deadline) {
      const description = await engine.call('describe', { migration: id });
      const open = description.steps
        .filter(step => step.state !== 'done')
        .map(step => `${step.state} ${step.id}: ${step.error?.message ?? step.waitsFor ?? ''}`);
      const busy = await engine.database.query<{ text: string }>(
        `select migration_id || ' ' || step_id || ' ' || state || ' fence ' || fence || ' ' || coalesce(reason, '') || ' ' || coalesce(lease_owner, '') || ' lease ' || coalesce((lease_until - now())::text, '-') || ' due ' || coalesce((not_before - now())::text, '-') as text from vm_migrate.step where state in ('queued', 'running', 'waiting')`,
      );
      open.push('', 'busy in all migrations:', ...busy.map(row => row.text));
      throw new Error(
        `migration ${id} is ${migration.state}, wanted ${states.join(' or ')}\n${open.join('\n')}\n${logs.slice(-10).join('\n')}`,
      );
    }
    // Whoever changes a migration says so; the short look is for what is only progress.
    await changed(engine, 250);
  }
}

async function changed(engine: Engine, atMostMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisten = await engine.onChange(() => resolve());
  const timer = setTimeout(resolve, atMostMs);
  await promise;
  clearTimeout(timer);
  await unlisten();
}
