/**
 * The one way to PostgreSQL: single statements, transactions and notifications. Everything above it
 * (the store's row functions, the queue) sees a `Tx` and does not know whether it is inside a
 * transaction.
 *
 * Failures: when the server cannot be reached, refuses us or goes away, DATABASE_UNREACHABLE
 * (retry: later). When others were in the way too often or for too long, DATABASE_BUSY (retry:
 * later). A statement that the server refused keeps pg's own `DatabaseError` with its SQLSTATE in
 * `code`, for the caller who expects one (a unique violation, say).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { EngineError, toEngineError } from '../errors';
import {
  parseConnection,
  typeParsers,
  type Connection,
  type DatabaseConnection,
} from './connection';
import { databaseBusy, databaseFailure, isConflict } from './database-failure';
import { Listener, type OnNotify } from './listener';

/** Runs statements: the Database itself for single ones, or an open transaction. */
export interface Tx {
  /**
   * Rows of one statement. `int8` arrives as a number when it is a safe integer, else as a bigint
   * (so that arithmetic with it fails loudly); `numeric` as text; `timestamptz` as Date.
   */
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Tx {
  /**
   * Runs `work` in one transaction (READ COMMITTED) and commits it. A serialization failure or a
   * deadlock runs it again from the start, up to five times: `work` may change nothing but the
   * database. The `tx` is dead once `work` has ended. A single `query` is tried again in the same way.
   * @throws EngineError DATABASE_BUSY after the last time; DATABASE_UNREACHABLE; when that happens
   *   at the commit, it may have happened or not: look before you do it again
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;

  /**
   * Calls `onNotify` with the payload of every NOTIFY on `channel`, until the returned function is
   * called. After a lost connection it listens again by itself and calls `onNotify('')` once:
   * something may have been missed, look at the tables. Notifications only shorten a wait, they
   * never carry a fact.
   */
  listen(channel: string, onNotify: OnNotify): Promise<() => Promise<void>>;

  /** A connection outside the pool, for a lock of the session; the caller closes it. */
  dedicated(): Promise<DedicatedConnection>;

  /** For a library that needs a pool (error handlers are installed). Never for our own statements. */
  readonly pool: Pool;

  /** Waits for statements that run, then closes every connection. May be called twice. */
  close(): Promise<void>;
}

export interface DedicatedConnection extends Tx {
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** postgres:// or postgresql://, or fields; a secret: it is never printed. */
  readonly url: DatabaseConnection;
  /** Shown in pg_stat_activity: 'vm-migrate worker', 'kubectl vm-migrate'. */
  readonly applicationName: string;
  readonly maxConnections: number;
}

/** PostgreSQL 13, as `server_version_num`. */
const MIN_SERVER_VERSION = 130_000;
const MAX_ATTEMPTS = 6;

/**
 * Connects and checks that the server will do.
 * @throws EngineError DATABASE_UNREACHABLE, DATABASE_UNSUITABLE (too old, or NOTIFY does not arrive)
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const connection = parseConnection(options.url, options.applicationName);
  const pool = openPool({ ...connection.config, types: typeParsers, max: options.maxConnections });
  const listener = new Listener(connection);
  const database = new PooledDatabase(pool, listener, connection);
  try {
    await checkServer(database, connection.place);
    await listener.checkRoundTrip(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * A pool whose connections may break without ending the process: pg emits 'error' on the pool for
 * an idle client and on the client for a busy one, and an 'error' nobody handles is thrown. The
 * statement that was under way rejects anyway, so there is nothing more to do here.
 */
export function openPool(config: PoolConfig): Pool {
  const pool = new Pool(config);
  pool.on('error', ignore);
  pool.on('connect', client => void client.on('error', ignore));
  return pool;
}

/**
 * Sends NOTIFY when `tx` commits. The payload is an id, nothing else: whoever listens reads the
 * facts from the tables, under its own rights.
 */
export async function notify(tx: Tx, channel: string, id: string): Promise<void> {
  if (!/^[\w:.-]{0,200}$/.test(id)) {
    throw new EngineError('INTERNAL', {
      expected: 'an id as the payload of NOTIFY',
      found: JSON.stringify(id),
    });
  }
  await tx.query('select pg_notify($1, $2)', [channel, id]);
}

class PooledDatabase implements Database {
  #closed: Promise<void> | undefined;

  constructor(
    readonly pool: Pool,
    private readonly listener: Listener,
    private readonly connection: Connection,
  ) {}

  query<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.untilUndisturbed(async () => (await this.pool.query(sql, [...params])).rows);
  }

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.untilUndisturbed(() => this.attempt(work));
  }

  /** Again and again, with growing pauses, while another transaction was in the way. */
  private async untilUndisturbed<T>(attempt: () => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt();
      } catch (error) {
        if (!isConflict(error)) throw databaseFailure(error, this.connection.place);
        if (attempts >= MAX_ATTEMPTS) throw databaseBusy(error, this.connection.place);
        await sleep(5 * 2 ** attempts * (0.5 + Math.random()));
      }
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw databaseFailure(error, this.connection.place);
    });
    const tx = new OpenTransaction(client, this.connection.place);
    try {
      await tx.query('begin');
      const result = await work(tx);
      await tx.commit();
      client.release();
      return result;
    } catch (error) {
      // A connection that cannot even roll back is thrown away, and its locks with it.
      const rolledBack = await tx.rollback();
      client.release(!rolledBack);
      throw error;
    }
  }

  async listen(channel: string, onNotify: OnNotify): Promise<() => Promise<void>> {
    return this.listener.listen(channel, onNotify);
  }

  async dedicated(): Promise<DedicatedConnection> {
    const { config, place } = this.connection;
    const client = new Client({ ...config, types: typeParsers });
    client.on('error', ignore);
    const failed = (error: unknown): never => {
      throw databaseFailure(error, place);
    };
    await client.connect().catch(failed);
    return {
      query: async <Row>(sql: string, params: readonly unknown[] = []) =>
        (await client.query(sql, [...params]).catch(failed)).rows as Row[],
      close: () => client.end(),
    };
  }

  close(): Promise<void> {
    this.#closed ??= Promise.all([this.listener.close(), this.pool.end()]).then(() => undefined);
    return this.#closed;
  }
}

class OpenTransaction implements Tx {
  #ended = false;

  constructor(
    private readonly client: PoolClient,
    private readonly place: string,
  ) {}

  async query<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    // The connection may already serve somebody else: a late statement would land in his transaction.
    if (this.#ended)
      throw new EngineError('INTERNAL', {
        expected: 'a statement inside its transaction',
        found: 'the transaction has ended',
      });
    try {
      const result = await this.client.query(sql, [...params]);
      return result.rows as Row[];
    } catch (error) {
      throw databaseFailure(error, this.place);
    }
  }

  async commit(): Promise<void> {
    this.#ended = true;
    try {
      const result = await this.client.query('commit');
      // A transaction in which a statement failed answers COMMIT with ROLLBACK, without an error.
      if (result.command !== 'COMMIT') {
        throw new EngineError('INTERNAL', {
          expected: 'COMMIT',
          found: `${result.command}: an error inside the transaction was swallowed`,
        });
      }
    } catch (error) {
      throw databaseFailure(error, this.place);
    }
  }

  /** Whether the connection may be used again. */
  async rollback(): Promise<boolean> {
    this.#ended = true;
    return this.client.query('rollback').then(
      () => true,
      () => false,
    );
  }
}

async function checkServer(database: Tx, place: string): Promise<void> {
  const [row] = await database.query<{
    version: number;
    text: string;
    encoding: string;
    standby: boolean;
  }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_version') as text,
            current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby`,
  );
  if (row === undefined) throw toEngineError(new Error('the server returned no version'));
  if (row.version < MIN_SERVER_VERSION) {
    throw new EngineError('DATABASE_UNSUITABLE', {
      where: { object: place },
      expected: 'PostgreSQL 13 or newer',
      found: `PostgreSQL ${row.text}`,
      hint: 'Use a newer server, or leave the database URL out to use the embedded one.',
    });
  }
  if (row.encoding !== 'UTF8') {
    throw new EngineError('DATABASE_UNSUITABLE', {
      where: { object: place },
      expected: 'a database in UTF8: names of VMs and snapshots are in any script',
      found: row.encoding,
      hint: "Create one with: create database vm_migrate encoding 'UTF8' template template0",
    });
  }
  if (row.standby) {
    throw new EngineError('DATABASE_UNSUITABLE', {
      where: { object: place },
      expected: 'the primary server',
      found: 'a read-only standby',
      hint: 'Point the database URL at the primary.',
    });
  }
}

function ignore(): void {}
