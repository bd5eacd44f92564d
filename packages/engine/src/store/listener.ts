/**
 * LISTEN for a whole process on one connection of its own, which comes back by itself.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { EngineError } from '../errors';
import type { Connection } from './connection';
import { databaseFailure } from './database-failure';

/** `payload` is the id that was sent, or '' after a gap in which notifications may have been lost. */
export type OnNotify = (payload: string) => void;

const ROUND_TRIP_MS = 5_000;
const RETRY_MS = { first: 100, most: 5_000 } as const;

export class Listener {
  readonly #channels = new Map<string, Set<OnNotify>>();
  #client: Promise<Client> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #lastStatement: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: Connection) {}

  async listen(channel: string, onNotify: OnNotify): Promise<() => Promise<void>> {
    const client = await this.client();
    const subscribers = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, subscribers);
    subscribers.add(onNotify);
    // LISTEN twice is harmless, so two that start at once need no order between them.
    await this.inTurn(client, `listen ${client.escapeIdentifier(channel)}`).catch(
      (error: unknown) => {
        throw databaseFailure(error, this.connection.place);
      },
    );
    return async () => {
      subscribers.delete(onNotify);
      if (subscribers.size > 0 || this.#closed) return;
      if (this.#channels.get(channel) === subscribers) this.#channels.delete(channel);
      await this.inTurn(client, `unlisten ${client.escapeIdentifier(channel)}`).catch(
        () => undefined,
      );
    };
  }

  /**
   * A NOTIFY sent through the pool must arrive here: behind a pooler in transaction mode it does not.
   * @throws EngineError DATABASE_UNSUITABLE
   */
  async checkRoundTrip(sender: {
    query(sql: string, params?: readonly unknown[]): Promise<unknown>;
  }): Promise<void> {
    const channel = `vm_migrate_check_${randomUUID().replaceAll('-', '')}`;
    let arrive: (arrived: boolean) => void = () => undefined;
    const arrived = new Promise<boolean>(resolve => (arrive = resolve));
    const stop = await this.listen(channel, () => arrive(true));
    const timer = setTimeout(() => arrive(false), ROUND_TRIP_MS);
    try {
      await sender.query('select pg_notify($1, $2)', [channel, 'check']);
      if (await arrived) return;
    } finally {
      clearTimeout(timer);
      await stop();
    }
    throw new EngineError('DATABASE_UNSUITABLE', {
      where: { object: this.connection.place },
      expected: 'LISTEN and NOTIFY to work',
      found: `no notification within ${ROUND_TRIP_MS / 1000} s`,
      hint: 'Connect to the server itself, or to a pooler in session mode: transaction mode loses LISTEN.',
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = await this.#client?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  private client(): Promise<Client> {
    this.#client ??= this.connect().catch((error: unknown) => {
      this.#client = undefined;
      throw databaseFailure(error, this.connection.place);
    });
    return this.#client;
  }

  private async connect(): Promise<Client> {
    const client = new Client(this.connection.config);
    client.on('notification', ({ channel, payload }) => this.deliver(channel, payload ?? ''));
    // pg emits 'error' and then 'end', or 'end' alone when the server closes politely.
    client.on('error', () => undefined);
    client.on('end', () => this.lost());
    await client.connect();
    return client;
  }

  private deliver(channel: string, payload: string): void {
    for (const onNotify of [...(this.#channels.get(channel) ?? [])]) onNotify(payload);
  }

  private lost(): void {
    this.#client = undefined;
    if (!this.#closed) this.listenAgain(RETRY_MS.first);
  }

  /** Until it works: a process without notifications is slow, one without any notice of the gap is stuck. */
  private listenAgain(delayMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.resume().catch(() => {
        if (!this.#closed) this.listenAgain(Math.min(delayMs * 2, RETRY_MS.most));
      });
    }, delayMs);
    this.#retry.unref();
  }

  /** One statement at a time on the one connection, in the order in which they were asked for. */
  private inTurn(client: Client, sql: string): Promise<unknown> {
    const turn = this.#lastStatement.then(() => client.query(sql));
    this.#lastStatement = turn.catch(() => undefined);
    return turn;
  }

  private async resume(): Promise<void> {
    const client = await this.client();
    for (const channel of [...this.#channels.keys()]) {
      await this.inTurn(client, `listen ${client.escapeIdentifier(channel)}`);
      this.deliver(channel, '');
    }
  }
}
