/**
 * The engine as its surfaces see it: a database with our schema, the configured sources and targets
 * as rows in it, the operations, and a worker. One object a process.
 */
import { hostname, userInfo } from 'node:os';
import type { EventView, OperationInput, OperationName } from '@vm-migrate/api';
import { EngineError } from './errors';
import { LocalMover } from './mover/local-mover';
import type { Mover } from './mover/mover';
import { FULL_ACCESS, type Caller } from './operations/caller';
import { eventView } from './operations/describe';
import type { OperationContext } from './operations/operation';
import { previewPlan, type DryRun, type PreviewedObject } from './operations/preview-plan';
import { runOperation, type OperationAnswer } from './operations/table';
import type { Plan } from './plan/plan';
import { graphileQueue, installQueueSchema } from './queue/graphile-queue';
import { configuredSource } from './sources/configured-source';
import type { Source } from './sources/source';
import { STEP_KINDS } from './steps/table';
import { poolConfig, withSetting, type DatabaseConnection } from './store/connection';
import { openDatabase, openPool, type Database } from './store/database';
import {
  CHANGE_CHANNEL,
  eventsAfter,
  lastEventId,
  lateEvents,
  noteTold,
  toldEventId,
} from './store/events';
import { migrateSchema } from './store/migrate-schema';
import { OwnWays } from './own-ways';
import { registerPlace } from './register-place';
import type { ScopedRow } from './store/migration-scope';
import { migrations, setEntity } from './store/migrations';
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
  /** A URL, or what pg's pool takes: a password may be a function there, asked at each connection. */
  readonly databaseUrl: DatabaseConnection;
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
  /** How sources are opened; likewise. The address that they answer must be of a kind that the mover knows. */
  readonly openSource?: (place: PlaceRow) => Promise<Source>;
  readonly paths?: OperationContext['paths'];
  readonly maxConnections?: number;
}

/** The operations. */
export interface Operations {
  /** @throws EngineError as the operation says */
  call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationAnswer<Name>>;
}

/** What an engine answers to one person: only what his permissions let him see and do. */
export interface CallerView extends Operations {
  /**
   * Events that became visible since the cursor, oldest first; with `late`, also those of the last
   * half minute before it, which may have been committed after it was read.
   */
  eventsSince(filter: {
    readonly migration?: string;
    readonly after: number;
    readonly limit: number;
  }): Promise<{ readonly late: readonly EventView[]; readonly events: readonly EventView[] }>;
}

export interface Engine extends Operations {
  readonly database: Database;
  readonly storeId: string;
  /** For a surface that knows persons; without it the caller is whoever has the database. */
  as(caller: Caller): CallerView;
  /** The cursor of now, for a watcher that begins. */
  lastEventId(): Promise<number>;
  /** Up to which event people were told of ends of migrations, by whatever program; null: they never were. */
  toldEventId(): Promise<number | null>;
  noteTold(eventId: number): Promise<void>;
  /** What permissions look at, in the order of the ids; undefined for one that nobody has. */
  scopedRows(ids: readonly string[]): Promise<(ScopedRow | undefined)[]>;
  /** What a catalog says of a VM: who may see its migrations may change by it. Answers how many changed. */
  setEntity(
    vm: { readonly source: string; readonly id: string },
    entity: { readonly entityRef: string | null; readonly ownerRef: string | null },
    actor: string,
  ): Promise<number>;
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
      access: FULL_ACCESS,
      openSource: place => this.openSource(place),
      openTarget: async place => this.openTarget(await this.reached(place)),
      paths: options.paths ?? 'allowed',
      configured: {
        source: options.sources.map(({ name }) => name),
        target: options.targets.filter(({ isFound }) => isFound !== true).map(({ name }) => name),
      },
    };
  }

  async call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationAnswer<Name>> {
    return this.run(this.context, name, input);
  }

  as({ actor, access, entityOf }: Caller): CallerView {
    const context = { ...this.context, actor, access, entityOf };
    return {
      call: (name, input) => this.run(context, name, input),
      eventsSince: async ({ migration, after, limit }) => {
        const filter = { migrationId: migration, after, limit, scope: access.read };
        // First what may be late: an event that commits between the two is then found by the next look.
        const late = await lateEvents(this.database, filter);
        const events = await eventsAfter(this.database, filter);
        return { late: late.map(eventView), events: events.map(eventView) };
      },
    };
  }

  lastEventId(): Promise<number> {
    return lastEventId(this.database);
  }

  toldEventId(): Promise<number | null> {
    return toldEventId(this.database);
  }

  noteTold(eventId: number): Promise<void> {
    return noteTold(this.database, eventId);
  }

  async scopedRows(ids: readonly string[]): Promise<(ScopedRow | undefined)[]> {
    const found = await Promise.all(ids.map(id => migrations(this.database, { id })));
    return found.map(([row]) => row);
  }

  setEntity(
    ...[vm, entity, actor]: Parameters<Engine['setEntity']>
  ): ReturnType<Engine['setEntity']> {
    return this.database.transaction(tx => setEntity(tx, vm, entity, actor));
  }

  private async run<Name extends OperationName>(
    context: OperationContext,
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationAnswer<Name>> {
    // Recovery may have given this database the id of a lost store.
    return runOperation({ ...context, storeId: await storeId(this.database) }, name, input);
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
        source: await (await this.openSource(source)).address(plan.vm.id),
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
      // Jobs only wake. One that comes back after a crash of the database finds nothing to do, one that is lost is found again.
      ...poolConfig(withSetting(this.options.databaseUrl, '-c synchronous_commit=off')),
      max: merged.concurrency + 2,
      application_name: 'vm-migrate queue',
    });
    const queue = graphileQueue(pool);
    const worker = await startWorker({
      database: this.database,
      queue,
      openSource: place => this.openSource(this.ways.source(place)),
      openTarget: async place => this.openTarget(await this.ways.target(place)),
      kinds: STEP_KINDS,
      surface,
      neighbours,
      version,
      // A mover that is waited for is not renewed meanwhile: the wait stays well inside half the lease.
      settings: { ...merged, patienceMs: Math.min(merged.patienceMs, merged.leaseMs / 5) },
      log,
    }).catch(async (error: unknown) => {
      await queue.close().catch(() => undefined);
      throw error;
    });
    let stopped: Promise<void> | undefined;
    return {
      id: worker.id,
      busy: () => worker.busy(),
      health: () => worker.health(),
      stop: () => (stopped ??= worker.stop().finally(() => queue.close())),
    };
  }

  private async openSource(place: PlaceRow): Promise<Source> {
    return (this.options.openSource ?? openSourcePlace)(place);
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

export async function openSourcePlace(place: PlaceRow): Promise<Source> {
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
