/**
 * The engine as its surfaces see it: a database with our schema, the configured sources and targets
 * as rows in it, the operations, and a worker. One object a process.
 */
import { hostname, userInfo } from 'node:os';
import type { OperationInput, OperationName } from '@vm-migrate/api';
import { EngineError } from './errors';
import { LocalMover } from './mover/local-mover';
import type { Mover } from './mover/mover';
import type { OperationContext } from './operations/operation';
import { previewPlan, type DryRun, type PreviewedObject } from './operations/preview-plan';
import { runOperation, type OperationAnswer } from './operations/table';
import type { Plan } from './plan/plan';
import { graphileQueue, installQueueSchema } from './queue/graphile-queue';
import { configuredSource } from './sources/configured-source';
import type { Source } from './sources/source';
import { STEP_KINDS } from './steps/table';
import { openDatabase, openPool, type Database } from './store/database';
import { CHANGE_CHANNEL } from './store/events';
import { migrateSchema } from './store/migrate-schema';
import { OwnWays } from './own-ways';
import { registerPlace } from './register-place';
import { findPlace, storeId } from './store/places';
import type { PlaceRow } from './store/store';
import { openTarget } from './targets/open-target';
import type { Target } from './targets/target';
import { startWorker, type Worker } from './worker/worker';
import { DEFAULT_WORKER_SETTINGS, type WorkerSettings } from './worker/worker-options';

/** A configured source or target: plain data, no secret. */
export interface ConfiguredPlace {
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** At most one target has it. */
  readonly isDefault?: boolean;
  /** A target that nobody configured: it becomes a row when it is first planned for. */
  readonly isFound?: boolean;
}

export interface EngineOptions {
  readonly databaseUrl: string;
  /** Where the database is, for people, without a password. */
  readonly databaseName: string;
  /** Shown to PostgreSQL and kept in events. */
  readonly applicationName: string;
  readonly actor?: string;
  readonly sources: readonly ConfiguredPlace[];
  readonly targets: readonly ConfiguredPlace[];
  /** The mover's program: one JavaScript file. */
  readonly moverProgram: string;
  /** Runs orders; child processes of moverProgram when absent. */
  readonly mover?: Mover;
  /** How targets are opened; a plugin that brings another kind wraps the default. */
  readonly openTarget?: (place: PlaceRow, mover: Mover, moverProgram: string) => Promise<Target>;
  readonly paths?: OperationContext['paths'];
  readonly maxConnections?: number;
}

export interface Engine {
  readonly database: Database;
  readonly storeId: string;
  /** @throws EngineError as the operation says */
  call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationAnswer<Name>>;
  /**
   * The objects that this plan puts into its Kubernetes target.
   * @throws EngineError STATE_REFUSED when the target is none; as previewPlan says
   */
  preview(plan: Plan, how: DryRun): Promise<readonly PreviewedObject[]>;
  /** Calls back after every committed change, with the migration's id ('' = look at all), until the returned function is called. */
  onChange(listener: (migrationId: string) => void): Promise<() => Promise<void>>;
  startWorker(options: EngineWorkerOptions): Promise<Worker>;
  /** Whether nothing runs, waits or is ready to run: the background process may end. */
  isIdle(): Promise<boolean>;
  close(): Promise<void>;
}

export interface EngineWorkerOptions {
  readonly surface: string;
  /** `none`: a lock says that this is the only worker of its surface, so those on record are dead. */
  readonly neighbours?: 'possible' | 'none';
  readonly version: string;
  readonly settings?: Partial<WorkerSettings>;
  readonly log: (line: string) => void;
}

/** @throws EngineError DATABASE_UNREACHABLE, DATABASE_NEWER, CONFIG_INVALID */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const database = await openDatabase({
    url: options.databaseUrl,
    applicationName: options.applicationName,
    maxConnections: options.maxConnections ?? 10,
  });
  try {
    await migrateSchema(database, { installQueue: installQueueSchema });
    const mover = options.mover ?? new LocalMover({ program: options.moverProgram });
    for (const place of options.sources) await registerPlace(database, 'source', place);
    for (const place of options.targets)
      if (place.isFound !== true) await registerPlace(database, 'target', place);
    return new OpenEngine(options, database, mover, await storeId(database));
  } catch (error) {
    await database.close();
    throw error;
  }
}

class OpenEngine implements Engine {
  private readonly context: OperationContext;
  private readonly ways: OwnWays;

  constructor(
    private readonly options: EngineOptions,
    readonly database: Database,
    private readonly mover: Mover,
    readonly storeId: string,
  ) {
    this.ways = new OwnWays(options, place => this.openTarget(place));
    this.context = {
      database,
      storeId,
      databaseName: options.databaseName,
      actor: options.actor ?? `${userInfo().username}@${hostname()}`,
      defaultTarget: options.targets.find(target => target.isDefault)?.name,
      foundTarget: options.targets.find(target => target.isFound === true),
      openSource: openSourcePlace,
      openTarget: async place => this.openTarget(await this.reached(place)),
      paths: options.paths ?? 'allowed',
    };
  }

  async call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationAnswer<Name>> {
    // Recovery may have given this database the id of a lost store.
    return runOperation({ ...this.context, storeId: await storeId(this.database) }, name, input);
  }

  async preview(plan: Plan, how: DryRun): Promise<readonly PreviewedObject[]> {
    const target = await findPlace(this.database, 'target', plan.target);
    const source = await findPlace(this.database, 'source', plan.vm.source);
    if (target?.kind !== 'kubernetes' || source === undefined) {
      throw new EngineError('STATE_REFUSED', {
        where: { object: `target ${plan.target}` },
        expected: 'a Kubernetes target, whose objects can be shown',
        found: `kind ${target?.kind ?? 'unknown'}`,
        hint: `\`kubectl vm-migrate plan\` without --dry-run says what is done there.`,
      });
    }
    return previewPlan(
      {
        plan,
        storeId: await storeId(this.database),
        options: target.options,
        source: await configuredSource(source).address(plan.vm.id),
        moverProgram: this.options.moverProgram,
      },
      how,
    );
  }

  onChange(listener: (migrationId: string) => void): Promise<() => Promise<void>> {
    return this.database.listen(CHANGE_CHANNEL, listener);
  }

  async startWorker({
    surface,
    neighbours,
    version,
    settings,
    log,
  }: EngineWorkerOptions): Promise<Worker> {
    const merged = { ...DEFAULT_WORKER_SETTINGS, ...settings };
    const pool = openPool({
      connectionString: this.options.databaseUrl,
      max: merged.concurrency + 2,
      application_name: 'vm-migrate queue',
      // Jobs only wake. One that comes back after a crash of the database finds nothing to do, one that is lost is found again.
      options: '-c synchronous_commit=off',
    });
    const queue = graphileQueue(pool);
    const worker = await startWorker({
      database: this.database,
      queue,
      openSource: async place => configuredSource(this.ways.source(place)),
      openTarget: async place => this.openTarget(await this.ways.target(place)),
      kinds: STEP_KINDS,
      surface,
      neighbours,
      version,
      // A mover that is waited for is not renewed meanwhile: the wait stays well inside half the lease.
      settings: { ...merged, patienceMs: Math.min(merged.patienceMs, merged.leaseMs / 5) },
      log,
    });
    return {
      id: worker.id,
      busy: () => worker.busy(),
      health: () => worker.health(),
      async stop() {
        await worker.stop();
        await queue.close();
      },
    };
  }

  /** An operation that cannot take a way of its own tries the row's, and says what is wrong with it. */
  private async reached(place: PlaceRow): Promise<PlaceRow> {
    return this.ways.target(place).catch((error: unknown) => {
      if (error instanceof EngineError && error.code === 'STATE_REFUSED') return place;
      throw error;
    });
  }

  private openTarget(place: PlaceRow): Promise<Target> {
    const { openTarget: open = openTargetPlace, moverProgram } = this.options;
    return open(place, this.mover, moverProgram);
  }

  async isIdle(): Promise<boolean> {
    const [row] = await this.database.query<{ busy: boolean }>(
      `select exists (select 1 from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
                       where s.state in ('ready', 'queued', 'running', 'waiting') and m.wanted = 'run') as busy`,
    );
    return row?.busy === false;
  }

  async close(): Promise<void> {
    await this.mover.close();
    await this.database.close();
  }
}

async function openSourcePlace(place: PlaceRow): Promise<Source> {
  return configuredSource(place);
}

export async function openTargetPlace(
  { name, kind, options }: PlaceRow,
  mover: Mover,
  moverProgram?: string,
): Promise<Target> {
  return openTarget(
    { ...options, name, kind },
    { mover, ...(moverProgram === undefined ? {} : { moverProgram }) },
  );
}
