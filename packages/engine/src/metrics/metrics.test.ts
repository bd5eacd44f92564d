/** What instruments are given, and when: by a provider that writes it down. The SDK is the worker's (worker-deploy.cluster.test.ts). */
import { metrics as api, type MeterProvider } from '@opentelemetry/api';
import { METRICS } from './instruments';
import { observe } from './observe';
import { count, recordSeconds } from './record';

interface Added {
  readonly name: string;
  readonly value: number;
  readonly attributes: object;
}

/** A provider that writes down what it is given. */
function listeningProvider(): {
  readonly provider: MeterProvider;
  readonly added: Added[];
  collect(): Promise<Added[]>;
} {
  const added: Added[] = [];
  type Callback = (result: {
    observe(instrument: { name: string }, value: number, attributes?: object): void;
  }) => Promise<void>;
  const callbacks = new Set<Callback>();
  const instrument = (name: string) => {
    const put = (value: number, attributes: object) => added.push({ name, value, attributes });
    return { name, add: put, record: put };
  };
  const meter = {
    createCounter: instrument,
    createHistogram: instrument,
    createObservableGauge: instrument,
    addBatchObservableCallback: (callback: Callback) => void callbacks.add(callback),
    removeBatchObservableCallback: (callback: Callback) => void callbacks.delete(callback),
  };
  return {
    provider: { getMeter: () => meter } as unknown as MeterProvider,
    added,
    async collect() {
      const seen: Added[] = [];
      for (const callback of callbacks)
        await callback({
          observe: ({ name }, value, attributes = {}) => seen.push({ name, value, attributes }),
        });
      return seen;
    },
  };
}

describe('metrics', () => {
  afterEach(() => api.disable());

  it('do nothing without a provider, and begin when one is set', () => {
    count('leasesLost', 1, {});
    const { provider, added } = listeningProvider();
    api.setGlobalMeterProvider(provider);
    count('leasesLost', 2, {});
    count('copied', 0, { extent: 'data' });
    recordSeconds('stepDuration', -1, { kind: 'applyLayer', outcome: 'done' });
    expect(added).toEqual([
      // What an increase is counted from.
      { name: 'vm_migrate.lease.lost', value: 0 },
      { name: 'vm_migrate.lease.lost', value: 2, attributes: {} },
      {
        name: 'vm_migrate.step.duration',
        value: 0,
        attributes: { kind: 'applyLayer', outcome: 'done' },
      },
    ]);
  });

  it('gauges are asked for when somebody looks, until they are ended', async () => {
    const { provider, collect } = listeningProvider();
    api.setGlobalMeterProvider(provider);
    let depth = 3;
    const end = observe(['queueDepth'], () => [{ gauge: 'queueDepth', value: depth }]);
    expect(await collect()).toEqual([{ name: 'vm_migrate.queue.depth', value: 3, attributes: {} }]);
    depth = 4;
    expect(await collect()).toMatchObject([{ value: 4 }]);
    end();
    expect(await collect()).toEqual([]);
  });

  it('have names of one namespace, each once, with a unit and a sentence', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
    for (const { name, unit, description } of METRICS) {
      expect(name).toMatch(/^(vm_migrate|db\.client\.connection)\.[a-z_.]+$/);
      expect(unit).toMatch(/^(s|By|\{[a-z]+\})$/);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });
});
