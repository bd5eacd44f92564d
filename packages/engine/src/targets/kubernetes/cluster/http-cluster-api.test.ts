import { EngineError } from '../../../errors';
import { FakeApiServer, type FakeRequest } from '../../../testing/fake-api-server';
import type { ClusterApi, WatchEvent } from './cluster-api';
import {
  EVENT,
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  POD,
  STORAGE_PROFILE,
  VOLUME_SNAPSHOT,
} from './resources';

const CLAIMS = '/api/v1/namespaces/ns/persistentvolumeclaims';
const anything = () => true;
const method = (name: string) => (request: FakeRequest) => request.method === name;

const claim = (name: string): PersistentVolumeClaim => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1048576' } } },
});

let server: FakeApiServer;
let api: ClusterApi;
beforeEach(async () => {
  server = await FakeApiServer.start();
  api = server.client();
});
afterEach(async () => {
  api.close();
  await server.close();
});

async function errorOf(call: Promise<unknown>): Promise<EngineError> {
  const thrown: unknown = await call.then(
    () => undefined,
    error => error as unknown,
  );
  if (thrown instanceof EngineError) return thrown;
  throw new Error(`no EngineError: ${String(thrown)}`);
}

describe('a request', () => {
  it('goes over one connection, however many there are', async () => {
    for (let count = 0; count < 50; count++) await api.get(PERSISTENT_VOLUME_CLAIM, 'none');
    expect(server.connections).toBe(1);
  });

  it.each([500, 503, 429])('that meets %i twice is answered all the same', async status => {
    server.put(CLAIMS, { metadata: { name: 'web-0' } });
    server.failNext(anything, { status }, 2);
    expect((await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0'))?.metadata.name).toBe('web-0');
    expect(server.requests).toHaveLength(3);
  });

  it('waits as long as Retry-After asks', async () => {
    server.failNext(anything, { status: 429, headers: { 'Retry-After': '1' } });
    const began = performance.now();
    await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
    expect(performance.now() - began).toBeGreaterThanOrEqual(1_000);
  });

  it('whose connection is cut is sent again', async () => {
    server.failNext(anything, { cut: 'before' }, 2);
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'none')).toBeUndefined();
  });

  it('that fails again and again is CLUSTER_UNREACHABLE, to be tried later', async () => {
    server.failNext(anything, { status: 500, message: 'etcd is away' }, 100);
    const error = await errorOf(api.get(PERSISTENT_VOLUME_CLAIM, 'web-0'));
    expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', retry: 'later' });
    expect(error.message).toContain('etcd is away');
    expect(server.requests).toHaveLength(4);
  });

  it('is not tried again after its time, however many tries are left', async () => {
    api = server.client({ retry: { tries: 1_000, firstMs: 20, maxMs: 20, withinMs: 200 } });
    server.failNext(anything, { status: 500 }, 1_000);
    const began = performance.now();
    await errorOf(api.get(PERSISTENT_VOLUME_CLAIM, 'web-0'));
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(server.requests.length).toBeGreaterThan(1);
  });

  it('to a server that is away is CLUSTER_UNREACHABLE and names it', async () => {
    const { url } = server;
    await server.close();
    const error = await errorOf(api.get(PERSISTENT_VOLUME_CLAIM, 'web-0'));
    expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', retry: 'later' });
    expect(error.message).toContain(url);
    server = await FakeApiServer.start();
  });

  it('that RBAC forbids is CLUSTER_FORBIDDEN, at once', async () => {
    const message =
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "ns"';
    server.failNext(anything, { status: 403, reason: 'Forbidden', message }, 100);
    const error = await errorOf(api.list(POD));
    expect(error).toMatchObject({ code: 'CLUSTER_FORBIDDEN', retry: 'never' });
    expect(error.message).toContain('jane');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [
      'PodSecurity',
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'never',
    ],
    [
      'quota',
      'persistentvolumeclaims "x" is forbidden: exceeded quota: small, requested: requests.storage=1Gi',
      'later',
    ],
  ])('that %s refuses is CLUSTER_REFUSED in its own words', async (_what, message, retry) => {
    server.failNext(anything, { status: 403, reason: 'Forbidden', message });
    const error = await errorOf(api.create(PERSISTENT_VOLUME_CLAIM, claim('x')));
    expect(error).toMatchObject({ code: 'CLUSTER_REFUSED', retry });
    expect(error.message).toContain(message);
  });

  it('with a login that has ended is made once more with the kubeconfig read again', async () => {
    server.failNext(anything, { status: 401, reason: 'Unauthorized' });
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'none')).toBeUndefined();
    server.failNext(anything, { status: 401, reason: 'Unauthorized' }, 2);
    expect((await errorOf(api.get(PERSISTENT_VOLUME_CLAIM, 'none'))).code).toBe(
      'CLUSTER_FORBIDDEN',
    );
  });

  it('is held back when there are too many', async () => {
    const slow = server.client({ requestsPerSecond: 50, requestBurst: 5 });
    const began = performance.now();
    await Promise.all(Array.from({ length: 15 }, () => slow.get(PERSISTENT_VOLUME_CLAIM, 'none')));
    expect(performance.now() - began).toBeGreaterThanOrEqual(180); // ten of them, 20 ms each
    slow.close();
  });
});

describe('a change', () => {
  it('whose answer was lost is "exists" the second time, never a second object', async () => {
    server.failNext(method('POST'), { cut: 'after' });
    expect(await api.create(PERSISTENT_VOLUME_CLAIM, claim('web-0'))).toBe('exists');
    expect(await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0')).toBeDefined();
  });

  it('of another resourceVersion than the one read is a conflict', async () => {
    const made = await api.create(PERSISTENT_VOLUME_CLAIM, claim('web-0'));
    if (made === 'exists') throw new Error('it was there');
    const resourceVersion = made.metadata.resourceVersion ?? '';
    const patch = { metadata: { annotations: { a: '1' } } };
    const first = await api.patch(PERSISTENT_VOLUME_CLAIM, 'web-0', patch, { resourceVersion });
    expect(first).toMatchObject({ metadata: { annotations: { a: '1' } } });
    expect(await api.patch(PERSISTENT_VOLUME_CLAIM, 'web-0', patch, { resourceVersion })).toBe(
      'conflict',
    );
    expect(await api.patch(PERSISTENT_VOLUME_CLAIM, 'other', patch, { resourceVersion })).toBe(
      'gone',
    );
  });

  it('that deletes leaves another object of the name alone', async () => {
    await api.create(PERSISTENT_VOLUME_CLAIM, claim('web-0'));
    expect(await api.delete(PERSISTENT_VOLUME_CLAIM, 'web-0', { uid: 'other' })).toBe('changed');
    const uid = (await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0'))?.metadata.uid ?? '';
    server.failNext(method('DELETE'), { cut: 'after' });
    expect(await api.delete(PERSISTENT_VOLUME_CLAIM, 'web-0', { uid })).toBe('gone');
  });
});

describe('a list', () => {
  it('has all pages', async () => {
    const paged = server.client({ pageSize: 3 });
    for (let index = 0; index < 10; index++)
      server.put(CLAIMS, { metadata: { name: `web-${index}` } });
    const { items } = await paged.list(PERSISTENT_VOLUME_CLAIM);
    expect(items.map(item => item.metadata.name)).toEqual(
      Array.from({ length: 10 }, (_, index) => `web-${index}`),
    );
    expect(items[0]?.kind).toBe('PersistentVolumeClaim');
    paged.close();
  });

  it('whose next page is gone (410) begins again', async () => {
    const paged = server.client({ pageSize: 2 });
    for (let index = 0; index < 5; index++)
      server.put(CLAIMS, { metadata: { name: `web-${index}` } });
    server.failNext(request => request.query.has('continue'), { status: 410, reason: 'Expired' });
    expect((await paged.list(PERSISTENT_VOLUME_CLAIM)).items).toHaveLength(5);
    paged.close();
  });

  it('tells which kinds are served, and asks once', async () => {
    expect(await api.serves(VOLUME_SNAPSHOT)).toBe(true);
    expect(await api.serves(STORAGE_PROFILE)).toBe(false);
    await api.serves(STORAGE_PROFILE);
    expect(server.requests).toHaveLength(2);
  });

  it('of events is about one object, oldest first', async () => {
    const about = { involvedObject: { uid: 'u1' }, type: 'Warning', reason: 'ProvisioningFailed' };
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const events = '/api/v1/namespaces/ns/events';
    server.put(events, {
      ...about,
      metadata: { name: 'b' },
      message: 'second',
      lastTimestamp: at(2),
    });
    server.put(events, {
      ...about,
      metadata: { name: 'a' },
      message: 'first',
      lastTimestamp: at(1),
    });
    server.put(events, { ...about, metadata: { name: 'c' }, involvedObject: { uid: 'u2' } });
    const found = await api.eventsOf({ kind: EVENT.kind, metadata: { uid: 'u1' } });
    expect(found.map(event => event.message)).toEqual(['first', 'second']);
  });
});

describe('a watch', () => {
  /** What a watch says, and the means to wait for it. */
  function watching(client: ClusterApi = api) {
    const stop = new AbortController();
    const seen: WatchEvent<PersistentVolumeClaim>[] = [];
    let wake = (): void => undefined;
    const ended = (async () => {
      for await (const event of client.watch(PERSISTENT_VOLUME_CLAIM, { signal: stop.signal })) {
        seen.push(event);
        wake();
      }
    })();
    return {
      seen,
      stop,
      ended,
      async until(done: () => boolean): Promise<void> {
        while (!done()) await new Promise<void>(resolve => (wake = resolve));
      },
      names: () =>
        seen.map(event =>
          event.type === 'synced'
            ? `synced ${event.items.map(item => item.metadata.name).join(' ')}`.trimEnd()
            : `${event.type} ${event.object.metadata.name ?? ''}`,
        ),
    };
  }
  const opened = async (count = 1): Promise<void> => {
    while (server.openWatches() < count) await new Promise(resolve => setImmediate(resolve));
  };

  it('begins with what is there, tells every change, and ends when it is told to', async () => {
    server.put(CLAIMS, { metadata: { name: 'a' } });
    const watch = watching();
    await watch.until(() => watch.seen.length === 1);
    server.put(CLAIMS, { metadata: { name: 'b' } });
    server.drop(CLAIMS, 'a');
    await watch.until(() => watch.seen.length === 3);
    expect(watch.names()).toEqual(['synced a', 'changed b', 'deleted a']);
    watch.stop.abort();
    await watch.ended;
  });

  it('that is cut goes on without losing a change', async () => {
    const watch = watching();
    await opened();
    server.put(CLAIMS, { metadata: { name: 'a' } });
    await watch.until(() => watch.names().includes('changed a'));
    server.cutWatches();
    server.put(CLAIMS, { metadata: { name: 'b' } });
    await watch.until(() => watch.names().includes('changed b'));
    expect(watch.names()).toEqual(['synced', 'changed a', 'changed b']);
    watch.stop.abort();
    await watch.ended;
  });

  it('whose past is forgotten (410) tells all that is there anew', async () => {
    const watch = watching();
    await opened();
    server.put(CLAIMS, { metadata: { name: 'a' } });
    await watch.until(() => watch.names().includes('changed a'));
    server.oldestEvent = 1e9;
    server.cutWatches();
    await watch.until(() => watch.names().includes('synced a'));
    server.oldestEvent = 0;
    server.put(CLAIMS, { metadata: { name: 'b' } });
    await watch.until(() => watch.names().some(name => name.endsWith(' b')));
    watch.stop.abort();
    await watch.ended;
  });

  it('outlives an API server that answers 500 for a while', async () => {
    const watch = watching();
    await opened();
    server.failNext(request => request.query.get('watch') === '1', { status: 500 }, 3);
    server.cutWatches();
    server.put(CLAIMS, { metadata: { name: 'a' } });
    await watch.until(() => watch.names().includes('changed a'));
    watch.stop.abort();
    await watch.ended;
  });

  it('that is forbidden says so', async () => {
    const message = 'User "jane" cannot watch resource "persistentvolumeclaims"';
    server.failNext(request => request.query.get('watch') === '1', { status: 403, message }, 9);
    expect((await errorOf(watching().ended)).code).toBe('CLUSTER_FORBIDDEN');
  });

  it('that its reader leaves is closed at the server', async () => {
    for await (const event of api.watch(PERSISTENT_VOLUME_CLAIM, {
      signal: new AbortController().signal,
    })) {
      expect(event.type).toBe('synced');
      break;
    }
    while (server.openWatches() > 0) await new Promise(resolve => setImmediate(resolve));
  });
});

describe('a log', () => {
  it('is told line by line, the last one also without its end', async () => {
    server.setLog('web-0', 'one\n\ntwo ü\nthree');
    const lines: string[] = [];
    for await (const line of api.podLog('web-0')) lines.push(line);
    expect(lines).toEqual(['one', '', 'two ü', 'three']);
  });

  it('of a pod that is not there is NOT_FOUND', async () => {
    const lines = api.podLog('none')[Symbol.asyncIterator]();
    expect((await errorOf(lines.next())).code).toBe('NOT_FOUND');
  });
});

describe('a server that is not there', () => {
  it('is named after two tries when it never answered, and waited for when it has', async () => {
    const away = await FakeApiServer.start();
    // Some 0.3 s for one that never answered, 1.5 s for the other: more than a machine's own hiccup.
    const retry = { tries: 6, firstMs: 300, maxMs: 300 };
    const never = away.client({ retry });
    const before = away.client({ retry });
    await before.identity();
    await away.close();
    const failedAfterMs = async (api: typeof never): Promise<number> => {
      const began = performance.now();
      await expect(api.list(POD)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
      return performance.now() - began;
    };
    const quick = await failedAfterMs(never);
    expect(quick).toBeLessThan(await failedAfterMs(before));
    never.close();
    before.close();
  });
});
