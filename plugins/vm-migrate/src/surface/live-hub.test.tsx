import {
  ApiError,
  type ApiClient,
  type EventView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { LiveHub, type LiveMode } from './live-hub';

const refused = (code: string) => new ApiError({ code, message: 'No.' });

/** A client whose stream is refused until `isGood`. */
function clientOf(error: () => Error) {
  const said = { streams: 0, isGood: false };
  const client: ApiClient = {
    call: () => Promise.reject(refused('INTERNAL')),
    events: ({ signal, onMode }) => ({
      [Symbol.asyncIterator]: () => ({
        next: (): Promise<IteratorResult<EventView>> => {
          said.streams += 1;
          if (!said.isGood) return Promise.reject(error());
          onMode?.('stream');
          return new Promise(resolve =>
            signal.addEventListener('abort', () => resolve({ done: true, value: undefined })),
          );
        },
      }),
    }),
  };
  return { client, said };
}

describe('a stream that is refused', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each<[string, LiveMode]>([
    ['NOT_SIGNED_IN', 'signed-out'],
    ['ACCESS_DENIED', 'denied'],
    ['NOT_FOUND', 'lost'],
  ])('%s is told as %s, and it is asked for again by itself', async (code, mode) => {
    const { client, said } = clientOf(() => refused(code));
    const hub = new LiveHub(client);
    const end = hub.use();
    await jest.advanceTimersByTimeAsync(0);
    expect([hub.mode, said.streams]).toEqual([mode, 1]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect([hub.mode, said.streams]).toEqual([mode, 2]);
    // What is shown is asked for anew as soon as it stands.
    hub.queries.setQueryData(['places'], 'old');
    const query = hub.queries.getQueryCache().find({ queryKey: ['places'] });
    said.isGood = true;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(hub.mode).toBe('stream');
    expect(query?.state.isInvalidated).toBe(true);
    end();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(said.streams).toBe(3);
  });

  it('is asked for at once when a query is answered, or the tab is seen again', async () => {
    const { client, said } = clientOf(() => refused('NOT_SIGNED_IN'));
    const hub = new LiveHub(client);
    const end = hub.use();
    await jest.advanceTimersByTimeAsync(0);
    await hub.queries.fetchQuery({ queryKey: ['one'], queryFn: () => 1 });
    await jest.advanceTimersByTimeAsync(0);
    expect(said.streams).toBe(2);
    const isHidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    document.dispatchEvent(new Event('visibilitychange'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(said.streams).toBe(2);
    said.isGood = true;
    isHidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    await jest.advanceTimersByTimeAsync(0);
    expect([hub.mode, said.streams]).toEqual(['stream', 3]);
    end();
    isHidden.mockRestore();
  });

  it('of those who may read no events is not asked for by each answer of a query', async () => {
    const { client, said } = clientOf(() => refused('ACCESS_DENIED'));
    const hub = new LiveHub(client);
    const end = hub.use();
    await jest.advanceTimersByTimeAsync(0);
    await hub.queries.fetchQuery({ queryKey: ['one'], queryFn: () => 1 });
    await jest.advanceTimersByTimeAsync(9_000);
    expect(said.streams).toBe(1);
    end();
  });
});
