/** PodMover on an API server made of maps: the order of its steps, and what it does when somebody else was there. */
import { createHash } from 'node:crypto';

import type {
  ApplyOrder,
  HashChainOrder,
  MoverStatus,
  Receipt,
  VolumeMark,
} from '../../../mover/mover';
import { MOVER_PROTOCOL } from '../../../mover/mover';
import { MOVER_VERSION } from '../../../mover/version';
import type { ClusterApi, MergePatch, WatchEvent } from '../cluster/cluster-api';
import type { KubeObject, Pod, ResourceKind } from '../cluster/resources';
import { PodMover } from './pod-mover';

const PVC = 'PersistentVolumeClaim';

/** Answers at once. A pod starts when its Secret is there, and does what `onStart` says. */
class MapCluster {
  readonly objects = new Map<string, KubeObject>();
  readonly said: string[] = [];
  readonly logs = new Map<string, string[]>();
  /** So many times a log comes without its last line. */
  logsCut = 0;
  onStart: (pod: Pod) => void = () => undefined;
  /** Called before each request with its words, to change the world in between. */
  before: (request: string) => void = () => undefined;
  private readonly watchers = new Set<(event: WatchEvent<Pod>) => void>();
  private versions = 0;

  readonly api = {
    namespace: 'vms',
    get: async (kind: ResourceKind<KubeObject>, name: string) => {
      this.before(`get ${kind.kind} ${name}`);
      return this.objects.get(`${kind.kind}/${name}`);
    },
    create: async (kind: ResourceKind<KubeObject>, object: KubeObject) => {
      const words = `create ${kind.kind} ${object.metadata.name ?? ''}`;
      this.before(words);
      const key = `${kind.kind}/${object.metadata.name ?? ''}`;
      if (this.objects.has(key)) return 'exists';
      this.said.push(words);
      const made = this.put(kind.kind, object);
      if (kind.kind === 'Secret') this.start(object.metadata.ownerReferences?.[0]?.uid);
      return made;
    },
    patch: async (
      kind: ResourceKind<KubeObject>,
      name: string,
      patch: MergePatch,
      { resourceVersion }: { resourceVersion: string },
    ) => {
      const found = this.objects.get(`${kind.kind}/${name}`);
      if (found === undefined) return 'gone';
      if (found.metadata.resourceVersion !== resourceVersion) return 'conflict';
      const { annotations = {} } = patch['metadata'] as { annotations?: Record<string, string> };
      this.said.push(`annotate ${name} ${JSON.stringify(annotations)}`);
      return this.put(kind.kind, {
        ...found,
        metadata: {
          ...found.metadata,
          annotations: { ...found.metadata.annotations, ...annotations },
        },
      });
    },
    delete: async (kind: ResourceKind<KubeObject>, name: string, { uid }: { uid: string }) => {
      const found = this.objects.get(`${kind.kind}/${name}`);
      if (found === undefined) return 'gone';
      if (found.metadata.uid !== uid) return 'changed';
      this.said.push(`delete ${kind.kind} ${name}`);
      this.remove(kind.kind, name);
      return 'deleting';
    },
    watch: (_kind: unknown, { signal }: { signal: AbortSignal }) => this.events(signal),
    podLog: (name: string) => this.lines(name),
    eventsOf: async () => [],
  } as unknown as ClusterApi;

  put(kind: string, object: KubeObject): KubeObject {
    const uid = object.metadata.uid ?? `uid-${++this.versions}`;
    const made = {
      ...object,
      metadata: { ...object.metadata, uid, resourceVersion: String(++this.versions) },
    };
    this.objects.set(`${kind}/${object.metadata.name ?? ''}`, made);
    if (kind === 'Pod') this.tell({ type: 'changed', object: made as Pod });
    return made;
  }

  remove(kind: string, name: string): void {
    const found = this.objects.get(`${kind}/${name}`);
    this.objects.delete(`${kind}/${name}`);
    if (kind === 'Pod' && found) this.tell({ type: 'deleted', object: found as Pod });
  }

  pod(name: string): Pod | undefined {
    return this.objects.get(`Pod/${name}`) as Pod | undefined;
  }

  running(pod: Pod): void {
    this.status(pod, {
      phase: 'Running',
      containerStatuses: [{ name: 'mover', state: { running: {} } }],
    });
  }

  ended(pod: Pod, message: object): void {
    const state = { terminated: { exitCode: 0, message: JSON.stringify(message) } };
    this.status(pod, { phase: 'Succeeded', containerStatuses: [{ name: 'mover', state }] });
  }

  status(pod: Pod, status: NonNullable<Pod['status']>): void {
    const now = this.pod(pod.metadata.name ?? '');
    if (now?.metadata.uid === pod.metadata.uid) this.put('Pod', { ...now, status } as KubeObject);
  }

  private start(uid: string | undefined): void {
    const pod = [...this.objects.values()].find(one => one.metadata.uid === uid);
    if (pod !== undefined) queueMicrotask(() => this.onStart(pod as Pod));
  }

  private tell(event: WatchEvent<Pod>): void {
    for (const watcher of this.watchers) watcher(event);
  }

  private async *events(signal: AbortSignal): AsyncGenerator<WatchEvent<Pod>> {
    const waiting: WatchEvent<Pod>[] = [];
    let bell = () => {};
    const watcher = (event: WatchEvent<Pod>) => {
      waiting.push(event);
      bell();
    };
    this.watchers.add(watcher);
    signal.addEventListener('abort', () => bell());
    const pods = [...this.objects]
      .filter(([key]) => key.startsWith('Pod/'))
      .map(([, pod]) => pod as Pod);
    yield { type: 'synced', items: pods };
    while (!signal.aborted) {
      const event = waiting.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>(resolve => (bell = resolve));
    }
    this.watchers.delete(watcher);
  }

  private async *lines(name: string): AsyncGenerator<string> {
    const lines = this.logs.get(name) ?? [];
    const cut = this.logsCut-- > 0 ? 1 : 0;
    for (const line of lines.slice(0, lines.length - cut)) yield `2026-11-23T18:00:00Z ${line}`;
  }
}

const digest = (index: number) => createHash('sha256').update(`w${index}`).digest('hex');
const windowOf = (index: number) => ({ index, dataBytes: 1, zeroBytes: 0, digest: digest(index) });
const windowLine = (index: number) => JSON.stringify({ type: 'window', window: windowOf(index) });
const started = JSON.stringify({
  type: 'started',
  protocol: MOVER_PROTOCOL,
  version: MOVER_VERSION,
  pid: 1,
  startedAt: '',
});

const mark: VolumeMark = {
  storeId: 'store',
  migrationId: 'm',
  volumeId: 'v',
  generation: 1,
  phase: 'writing',
  layerId: 'base',
  fence: 2,
};
const apply = (change: Partial<ApplyOrder> = {}): ApplyOrder => ({
  protocol: MOVER_PROTOCOL,
  order: 'apply',
  runId: 'm/s/2',
  leaseMs: 1,
  bytesPerSecond: 0,
  fence: 2,
  layerId: 'base',
  source: { kind: 'vm-https' } as never,
  layer: {} as never,
  volume: { kind: 'block', path: '/dev/vm-migrate', sizeBytes: 1, name: 'web-0' },
  content: 'zeros',
  mark,
  windowBytes: 65_536,
  windowsDone: [],
  proof: { stateSizeBytes: 1, table: '/tables/base.table' },
  ...change,
});

const doneWith = (
  indexes: readonly number[],
  runId = 'm/s/2',
): { type: 'done'; receipt: Receipt } => ({
  type: 'done',
  receipt: {
    order: 'apply',
    runId,
    bytes: { data: 1, zero: 0, written: 1, read: 1 },
    windows: indexes.length,
    windowsDigest: createHash('sha256')
      .update(Buffer.from(indexes.map(digest).join(''), 'hex'))
      .digest('hex'),
    startedAt: '',
    finishedAt: '',
    durationMs: 1,
    moverVersion: MOVER_VERSION,
  },
});

describe('a mover in pods', () => {
  let cluster: MapCluster;
  let mover: PodMover;

  const setMark = (change: Partial<VolumeMark> = {}, labels = {}) =>
    cluster.put(PVC, {
      metadata: {
        name: 'web-0',
        uid: 'volume',
        labels: { 'vm-migrate.io/store': 'store', ...labels },
        annotations: { 'vm-migrate.io/mark': JSON.stringify({ ...mark, ...change }) },
      },
      spec: { storageClassName: 'fast', resources: { requests: {} } },
    } as KubeObject);

  /** A pod as another run made it. */
  const earlierPod = (run: string, labels = {}): Pod =>
    cluster.put('Pod', {
      metadata: {
        name: 'web-0',
        labels: {
          'app.kubernetes.io/managed-by': 'vm-migrate',
          'vm-migrate.io/store': 'store',
          ...labels,
        },
        annotations: { 'vm-migrate.io/run': run },
      },
      spec: {},
      status: { phase: 'Running', containerStatuses: [{ name: 'mover', state: { running: {} } }] },
    } as KubeObject) as Pod;

  beforeEach(() => {
    cluster = new MapCluster();
    mover = new PodMover({
      api: cluster.api,
      image: () => 'image',
      startLimitMs: 400,
      stopPatienceMs: 300,
    });
    setMark();
  });
  afterEach(() => mover.close());

  /** Runs at once, with these windows in its log. */
  const writesWindows = (logged: readonly number[], counted = logged) => {
    cluster.onStart = pod => {
      cluster.logs.set('web-0', [started, ...logged.map(windowLine)]);
      cluster.running(pod);
      cluster.ended(pod, doneWith(counted));
    };
  };
  const toTheEnd = async (order: ApplyOrder | HashChainOrder): Promise<MoverStatus> => {
    for (;;) {
      const status = await mover.attend(order, 5_000);
      if (status.state !== 'running') return status;
    }
  };
  const end = async (order = apply()) => {
    const status = await toTheEnd(order);
    return status.state === 'failed' ? status.error : status;
  };

  it('makes the tables, the pod, and then the Secret that lets it start; takes the pod away at the end', async () => {
    writesWindows([0, 1]);
    expect(await end()).toMatchObject({ state: 'done', windows: [windowOf(0), windowOf(1)] });
    await expect(mover.attend(apply(), 0)).resolves.toMatchObject({ state: 'done', windows: [] });
    expect(cluster.said.map(words => words.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      'create PersistentVolumeClaim web-0-tables',
      'create Pod web-0',
      'create Secret web-0-order',
      'delete Pod web-0',
    ]);
  });

  it('makes no pod for a volume whose mark is another one', async () => {
    setMark({ fence: 3 });
    expect(await end()).toMatchObject({ code: 'VOLUME_UNEXPECTED' });
    expect(cluster.said).toEqual([]);
  });

  it('gives a pod no order when the mark changed while it was made: it never starts', async () => {
    cluster.before = request => {
      if (request.startsWith('create Pod')) setMark({ fence: 3 });
    };
    expect(await end()).toMatchObject({ code: 'VOLUME_UNEXPECTED' });
    expect(cluster.said.filter(words => words.includes('Secret'))).toEqual([]);
    expect(cluster.pod('web-0')).toBeUndefined();
  });

  it('is stale, and stops nobody, when a later run has marked the volume', async () => {
    earlierPod('m/s/3');
    setMark({ fence: 3 });
    expect(await end()).toMatchObject({ code: 'VOLUME_UNEXPECTED' });
    expect(cluster.pod('web-0')).toBeDefined();
  });

  it('tells a pod of an earlier run to stop, waits for it, and deletes it before it makes its own', async () => {
    const earlier = earlierPod('m/s/1');
    writesWindows([0]);
    const attended = end();
    await until(() => cluster.said.includes('annotate web-0 {"vm-migrate.io/stop":"true"}'));
    expect(cluster.said).not.toContain('create Pod web-0');
    cluster.ended(earlier, {});
    expect(await attended).toMatchObject({ state: 'done' });
    expect(cluster.said.indexOf('delete Pod web-0')).toBeLessThan(
      cluster.said.indexOf('create Pod web-0'),
    );
  });

  it('leaves a pod that copies to the next worker: it is neither stopped nor taken away, not even ended', async () => {
    cluster.onStart = pod => {
      cluster.logs.set('web-0', [started, windowLine(0)]);
      cluster.running(pod);
    };
    for (let seen = 0; seen === 0;) seen = (await mover.attend(apply(), 20)).windows.length;
    await mover.leave('m/s/2');
    await mover.close();
    const pod = cluster.pod('web-0');
    expect(pod?.status?.phase).toBe('Running');
    // What it reported until then is handed over; nobody of this process follows it any more.
    expect(await mover.attend(apply(), 50)).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_STOPPED' },
    });
    if (pod !== undefined) cluster.ended(pod, doneWith([0]));
    expect(cluster.pod('web-0')?.status?.phase).toBe('Succeeded');
    expect(cluster.said.filter(words => /annotate|delete/.test(words))).toEqual([]);
  });

  it('leaves no pod that is still being made', async () => {
    cluster.before = request => {
      if (request.startsWith('create Pod')) void mover.leave('m/s/2');
    };
    expect(await end()).toMatchObject({ code: 'MOVER_STOPPED' });
    expect(cluster.pod('web-0')).toBeUndefined();
  });

  it('follows a pod of the very same run', async () => {
    const own = earlierPod('m/s/2');
    cluster.logs.set('web-0', [started, windowLine(0)]);
    setImmediate(() => cluster.ended(own, doneWith([0])));
    expect(await end()).toMatchObject({ state: 'done', windows: [windowOf(0)] });
    expect(cluster.said).not.toContain('create Pod web-0');
  });

  it.each([
    ['of another store', { 'vm-migrate.io/store': 'other' }],
    ['of somebody else', { 'app.kubernetes.io/managed-by': 'helm' }],
  ])('never touches a pod %s', async (_, labels) => {
    earlierPod('m/s/1', labels);
    expect(await end()).toMatchObject({ code: 'VOLUME_FOREIGN' });
    expect(cluster.said).toEqual([]);
  });

  it('fails, to be tried again, when the log lost windows that the receipt counts', async () => {
    writesWindows([0, 2], [0, 1, 2]);
    const status = await toTheEnd(apply());
    expect(status).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_FAILED', retry: 'later', found: '2 of 3 windows' },
      windows: [windowOf(0), windowOf(2)],
    });
  });

  it('reads the log again when it came without its end', async () => {
    writesWindows([0, 1, 2]);
    cluster.logsCut = 1;
    expect(await end()).toMatchObject({ state: 'done' });
  });

  it('counts windows that the store holds already', async () => {
    writesWindows([2], [0, 1, 2]);
    expect(await end(apply({ windowsDone: [windowOf(0), windowOf(1)] }))).toMatchObject({
      state: 'done',
    });
  });

  it('gives up on a pod that does not start, with the reason, and takes it away', async () => {
    cluster.onStart = pod =>
      cluster.status(pod, {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }],
      });
    const first = await mover.attend(apply(), 100);
    expect(first).toMatchObject({
      state: 'running',
      waitingFor: expect.stringContaining('0/1 nodes'),
    });
    expect(await end()).toMatchObject({
      code: 'CLUSTER_STUCK',
      found: expect.stringContaining('0/1 nodes'),
    });
    await until(() => cluster.pod('web-0') === undefined);
  });

  it('says that the pod was deleted when it is gone', async () => {
    cluster.onStart = pod => {
      cluster.running(pod);
      setTimeout(() => cluster.remove('Pod', 'web-0'), 20);
    };
    expect(await end()).toMatchObject({ code: 'MOVER_FAILED', retry: 'later' });
  });

  it('sends the rate when it changes, the last one wins, and stops when it is told to', async () => {
    cluster.onStart = pod => cluster.running(pod);
    await mover.attend(apply(), 50);
    for (const rate of [0, 0, 5, 7, 7]) mover.renew('m/s/2', rate);
    await until(() => cluster.said.some(words => words.includes('"7"')));
    expect(
      cluster.said.filter(words => words.includes('bytes-per-second')).length,
    ).toBeLessThanOrEqual(2);
    const stopping = mover.stop('m/s/2');
    await until(() => cluster.said.includes('annotate web-0 {"vm-migrate.io/stop":"true"}'));
    const pod = cluster.pod('web-0');
    if (pod === undefined) throw new Error('no pod');
    cluster.ended(pod, {
      type: 'failed',
      error: { code: 'MOVER_STOPPED', message: 'stopped', retry: 'later' },
    });
    await stopping;
    expect(await end()).toMatchObject({ code: 'MOVER_STOPPED' });
  });

  it('deletes a pod that does not listen, and one that has not started', async () => {
    cluster.onStart = pod => cluster.running(pod);
    await mover.attend(apply(), 50);
    await mover.stop('m/s/2');
    expect(cluster.pod('web-0')).toBeUndefined();
    expect(await end()).toMatchObject({ code: 'MOVER_STOPPED' });
    cluster.onStart = () => undefined;
    setMark({ fence: 3 });
    const next = apply({ runId: 'm/s/3', fence: 3, mark: { ...mark, fence: 3 } });
    await mover.attend(next, 50);
    await mover.stop('m/s/3');
    expect(cluster.pod('web-0')).toBeUndefined();
    expect(await end(next)).toMatchObject({ code: 'MOVER_STOPPED' });
  });
});

async function until(isSo: () => boolean): Promise<void> {
  const limit = performance.now() + 5_000;
  while (!isSo()) {
    if (performance.now() > limit) throw new Error('it never became so');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
