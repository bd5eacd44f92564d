/**
 * The engine at the other end of HTTP: the operations of a Backstage backend, under the permissions
 * of whose token it is. What only a process with the database can do says so by name.
 */
import { readFileSync } from 'node:fs';
import {
  apiClient,
  ApiError,
  BACKSTAGE_PATH,
  type ApiClient,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/api';
import type { ConfiguredApi, Engine, OperationAnswer } from '@vm-migrate/engine';
import type { EngineLibrary } from './engine-library';
import { UsageError } from './usage-error';

/** `library` only for its errors: nothing is opened here. */
export function remoteEngine(api: ConfiguredApi, library: EngineLibrary): Engine {
  const client = apiClient({ baseUrl: () => baseUrl(api.url), token: () => tokenOf(api) });
  return new RemoteEngine(client, api.url, library);
}

/** An address without a path is that of a backend. */
export function baseUrl(url: string): string {
  return new URL(url).pathname === '/' ? `${url.replace(/\/$/, '')}${BACKSTAGE_PATH}` : url;
}

/** The file is read for each call: whoever renews tokens writes it anew. @throws UsageError */
function tokenOf({ token, tokenFile }: ConfiguredApi): string | undefined {
  if (token !== undefined || tokenFile === undefined) return token;
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    throw new UsageError(
      `the token file ${tokenFile} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give --api-token-file FILE, or set VM_MIGRATE_API_TOKEN.',
    );
  }
}

class RemoteEngine implements Engine {
  readonly #watching = new Set<AbortController>();

  constructor(
    private readonly client: ApiClient,
    private readonly url: string,
    private readonly library: EngineLibrary,
  ) {}

  async call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
  ): Promise<OperationAnswer<Name>> {
    this.refusePath(input);
    try {
      // The engine at the other end answered it: its own type, of which the api shows a part.
      return (await this.client.call(name, input)) as unknown as OperationAnswer<Name>;
    } catch (error) {
      throw error instanceof ApiError ? this.library.EngineError.fromJSON(error.data) : error;
    }
  }

  /** Whoever listens looks by himself as well, and is told there what is wrong. */
  async onChange(listener: (migrationId: string) => void): Promise<() => Promise<void>> {
    const stop = new AbortController();
    this.#watching.add(stop);
    const events = this.client.events({ signal: stop.signal, onMode: () => listener('') });
    const watching = (async () => {
      for await (const { migration } of events) listener(migration ?? '');
    })().catch(() => undefined);
    return async () => {
      stop.abort();
      this.#watching.delete(stop);
      await watching;
    };
  }

  async close(): Promise<void> {
    for (const stop of this.#watching) stop.abort();
  }

  get database(): Engine['database'] {
    throw this.onlyHere('the database itself');
  }

  get storeId(): string {
    throw this.onlyHere("the store's id");
  }

  preview(): never {
    throw this.onlyHere('--dry-run, which asks the cluster with your own rights,');
  }

  startWorker(): never {
    throw this.onlyHere('a worker');
  }

  as(): never {
    throw this.onlyHere('another caller');
  }

  lastEventId(): never {
    throw this.onlyHere('the cursor of events');
  }

  toldEventId(): never {
    throw this.onlyHere('the cursor of notifications');
  }

  noteTold(): never {
    throw this.onlyHere('the cursor of notifications');
  }

  scopedRows(): never {
    throw this.onlyHere('rows of migrations');
  }

  setEntity(): never {
    throw this.onlyHere("a VM's entity");
  }

  isIdle(): never {
    throw this.onlyHere('whether work is left');
  }

  /** A folder of this machine says nothing to the backend. @throws UsageError */
  private refusePath(input: unknown): void {
    const vm = (input as { readonly vm?: unknown }).vm;
    if (typeof vm !== 'string' || !/^(\/|\.{1,2}(\/|$)|~)|\.vmx$/.test(vm)) return;
    throw new UsageError(
      `${vm} is a path on this machine, and the backend at ${this.url} looks at its own sources only`,
      'Name a VM as SOURCE/NAME. Without --api-url (VM_MIGRATE_API_URL, apiUrl) a path will do.',
    );
  }

  private onlyHere(what: string): UsageError {
    return new UsageError(
      `${what} needs the database, and this call goes to the backend at ${this.url}`,
      'Leave out --api-url (VM_MIGRATE_API_URL, apiUrl), and say which database: docs/cli.md.',
    );
  }
}
