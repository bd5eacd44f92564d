import { FakeApiServer } from '../../testing/fake-api-server';
import { CLAIMS, EVENTS } from '../../testing/fake-storage';
import { VolumeEvents } from './volume-events';

describe('what happens to a volume', () => {
  let server: FakeApiServer;
  let events: VolumeEvents;
  const news = (message: string, volume = 'web-0') =>
    ({ volume, type: 'Normal', reason: 'LayerMigrated', message }) as const;
  const written = () =>
    server.requests.filter(({ method, path }) => method === 'POST' && path === EVENTS);
  const stored = () =>
    written().map(({ body }) =>
      server.get(EVENTS, (body as { metadata: { name: string } }).metadata.name),
    );

  beforeEach(async () => {
    server = await FakeApiServer.start();
    server.put(CLAIMS, { metadata: { name: 'web-0' } });
    events = new VolumeEvents(server.client());
  });
  afterEach(async () => {
    events.close();
    await server.close();
  });

  it('is an Event of its PVC; the same again counts', async () => {
    events.tell(news('Done: write B'));
    events.tell(news('Done: write B'));
    events.tell(news('Done: write D1'));
    await events.written();
    const names = new Set(stored().map(event => event?.metadata.name));
    expect(names.size).toBe(2);
    expect(stored()[0]).toMatchObject({
      involvedObject: { kind: 'PersistentVolumeClaim', name: 'web-0', namespace: 'ns' },
      reason: 'LayerMigrated',
      count: 2,
    });
  });

  it('is bounded, of a volume that is there, and cut where the API server would refuse it', async () => {
    for (let index = 0; index < 200; index++) events.tell(news(`${index}`));
    await events.written();
    expect(written().length).toBeLessThanOrEqual(60);
    const others = new VolumeEvents(server.client());
    others.tell(news('x', 'absent'));
    others.tell(news('y'.repeat(5_000)));
    await others.written();
    expect((stored().at(-1)?.['message'] as string).length).toBe(1024);
    others.close();
  });

  it('is dropped in silence where it is forbidden', async () => {
    const forbidden = {
      status: 403,
      reason: 'Forbidden',
      message: 'events is forbidden: User "x" cannot create resource "events"',
    };
    server.failNext(({ method }) => method === 'POST', forbidden, 1);
    events.tell(news('a'));
    await events.written();
    const asked = server.requests.length;
    events.tell(news('b'));
    await events.written();
    expect(server.requests.length).toBe(asked);
  });
});
