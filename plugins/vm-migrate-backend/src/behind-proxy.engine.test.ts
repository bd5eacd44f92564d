/**
 * Events through a real HTTP proxy that keeps what it gets until an answer is whole, as some in front
 * of a Backstage do: the client asks again and again instead, loses nothing and tells nothing twice;
 * and it takes the stream when that comes through again.
 */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { mockCredentials } from '@backstage/backend-test-utils';
import { apiClient, type EventView } from '@vm-migrate/api';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';

const ANN = 'user:default/ann';

describe('behind a proxy', () => {
  const folder = tempFolder();
  const stop = new AbortController();
  let database: TestDatabase;
  let backend: BackendUnderTest;
  let proxy: BufferingProxy;

  beforeAll(async () => {
    database = await emptyTestDatabase();
    backend = await backendUnderTest({
      database: { client: 'better-sqlite3', connection: ':memory:' },
      section: {
        database: { url: database.url },
        stateFolder: path.join(folder, 'state'),
        worker: { enabled: false },
      },
    });
    await backend.ready();
    proxy = await BufferingProxy.open(new URL(backend.url));
  }, 360_000);
  afterAll(async () => {
    stop.abort();
    await proxy?.close();
    await backend?.stop();
    await database?.drop();
  });

  it('events come by asking while the stream is held back, and by the stream again afterwards', async () => {
    const ann = backend.as(ANN);
    const modes: string[] = [];
    const told: EventView[] = [];
    let onTold: () => void = () => undefined;
    const events = apiClient({
      baseUrl: () => proxy.url,
      token: () => mockCredentials.user.token(ANN),
    }).events({
      signal: stop.signal,
      onMode: mode => {
        if (modes.at(-1) !== mode) modes.push(mode);
        onTold();
      },
      times: { openMs: 300, pollMs: 100, tryStreamMs: 1_500, retryMs: 100 },
    });
    const telling = (async () => {
      for await (const event of events) {
        told.push(event);
        onTold();
      }
    })();
    const until = (holds: () => boolean): Promise<void> =>
      new Promise(resolve => {
        onTold = () => holds() && resolve();
        onTold();
      });

    const change = async (maxRunning: number): Promise<number> => {
      await ann.call('setLimit', { scope: 'vm', maxRunning });
      return (await ann.call('getEvents', {})).at(-1)?.id ?? 0;
    };
    const isTold = (id: number): boolean => told.some(event => event.id === id);

    await until(() => modes.includes('polling'));
    const asked = [await change(1), await change(2)];
    await until(() => asked.every(isTold));
    expect(modes).toEqual(['polling']);
    expect(proxy.heldStreams).toBeGreaterThan(0);

    proxy.buffers = false;
    await until(() => modes.includes('stream'));
    const streamed = await change(3);
    await until(() => isTold(streamed));
    expect(told.map(({ id }) => id)).toEqual([...asked, streamed]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    stop.abort();
    await telling;
  }, 180_000);
});

/** Hands on whole answers only, while `buffers`. */
class BufferingProxy {
  buffers = true;
  /** Streams that it got and handed nothing on of. */
  heldStreams = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(to: URL): Promise<BufferingProxy> {
    const server = createServer((asked, answer) => {
      const { method, headers, url } = asked;
      const onward = request(
        { host: to.hostname, port: to.port, method, path: url, headers: { ...headers } },
        got => {
          const { statusCode = 502, headers: ours } = got;
          if (!proxy.buffers) {
            answer.writeHead(statusCode, ours);
            answer.flushHeaders();
            return void got.pipe(answer);
          }
          const parts: Buffer[] = [];
          if ((ours['content-type'] ?? '').startsWith('text/event-stream')) proxy.heldStreams += 1;
          got.on('data', (part: Buffer) => parts.push(part));
          got.on('end', () => {
            answer.writeHead(statusCode, ours);
            answer.end(Buffer.concat(parts));
          });
        },
      );
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      asked.pipe(onward);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = new BufferingProxy(server, `http://127.0.0.1:${port}${to.pathname}`);
    return proxy;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
