/** An API server made of maps, pods that do as a test says, and orders for them. */
import { createHash } from 'node:crypto';

import type { ApplyOrder, Receipt, VolumeMark } from '../mover/mover';
import { MOVER_PROTOCOL } from '../mover/mover';
import { MOVER_VERSION } from '../mover/version';
import type {
  ClusterApi,
  DeletePrecondition,
  MergePatch,
  WatchEvent,
} from '../targets/kubernetes/cluster/cluster-api';
import type { KubeObject, Pod, ResourceKind } from '../targets/kubernetes/cluster/resources';

/** Answers at once. A pod starts when its Secret is there, and does what `onStart` says. */
export class MapCluster {
  readonly objects = new Map<string, KubeObject>();
  readonly said: string[] = [];
  readonly logs = new Map<string, string[]>();
  /** Names of objects that somebody watched by name. */
  readonly watched = new Set<string>();
  /** Thrown by every read of a log. */
  logFailure: Error | undefined;
  /** So many times a log comes without its last line. */
  logsCut = 0;
  onStart: (pod: Pod) => void = () => undefined;
  /** Called before each request with its words, to change the world in between. */
  before: (request: string) => void = () => undefined;
  private readonly watchers = new Set<(kind: string, event: WatchEvent<KubeObject>) => void>();
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
      this.before(`patch ${kind.kind} ${name}`);
      const found = this.objects.get(`${kind.kind}/${name}`);
      if (found === undefined) return 'gone';
      if (found.metadata.resourceVersion !== resourceVersion) return 'conflict';
      const { annotations = {} } = patch['metadata'] as {
        annotations?: Record<string, string | null>;
      };
      this.said.push(`annotate ${name} ${JSON.stringify(annotations)}`);
      return this.put(kind.kind, {
        ...found,
        metadata: {
          ...found.metadata,
          annotations: Object.fromEntries(
            Object.entries({ ...found.metadata.annotations, ...annotations }).flatMap(
              ([key, value]) => (value === null ? [] : [[key, value]]),
            ),
          ),
        },
      });
    },
    delete: async (
      kind: ResourceKind<KubeObject>,
      name: string,
      { uid, resourceVersion }: DeletePrecondition,
    ) => {
      this.before(`delete ${kind.kind} ${name}`);
      const found = this.objects.get(`${kind.kind}/${name}`);
      if (found === undefined) return 'gone';
      if (found.metadata.uid !== uid) return 'changed';
      if ((resourceVersion ?? found.metadata.resourceVersion) !== found.metadata.resourceVersion)
        return 'changed';
      this.said.push(`delete ${kind.kind} ${name}`);
      this.remove(kind.kind, name);
      return 'deleting';
    },
    watch: (
      { kind }: ResourceKind<KubeObject>,
      { signal, fields }: { signal: AbortSignal; fields?: Readonly<Record<string, string>> },
    ) => {
      const name = fields?.['metadata.name'];
      if (name !== undefined) this.watched.add(name);
      return this.events(kind, signal);
    },
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
    this.tell(kind, { type: 'changed', object: made });
    return made;
  }

  remove(kind: string, name: string): void {
    const found = this.objects.get(`${kind}/${name}`);
    this.objects.delete(`${kind}/${name}`);
    if (found) this.tell(kind, { type: 'deleted', object: found });
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

  private tell(kind: string, event: WatchEvent<KubeObject>): void {
    for (const watcher of this.watchers) watcher(kind, event);
  }

  private async *events(kind: string, signal: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>> {
    const waiting: WatchEvent<KubeObject>[] = [];
    let bell = () => {};
    const watcher = (changed: string, event: WatchEvent<KubeObject>) => {
      if (changed !== kind) return;
      waiting.push(event);
      bell();
    };
    this.watchers.add(watcher);
    signal.addEventListener('abort', () => bell());
    const items = [...this.objects]
      .filter(([key]) => key.startsWith(`${kind}/`))
      .map(([, object]) => object);
    yield { type: 'synced', items };
    while (!signal.aborted) {
      const event = waiting.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>(resolve => (bell = resolve));
    }
    this.watchers.delete(watcher);
  }

  private async *lines(name: string): AsyncGenerator<string> {
    if (this.logFailure !== undefined) throw this.logFailure;
    const lines = this.logs.get(name) ?? [];
    const cut = this.logsCut-- > 0 ? 1 : 0;
    for (const line of lines.slice(0, lines.length - cut)) yield `2026-11-23T18:00:00Z ${line}`;
  }
}

export const digest = (index: number) => createHash('sha256').update(`w${index}`).digest('hex');
export const windowOf = (index: number) => ({
  index,
  dataBytes: 1,
  zeroBytes: 0,
  digest: digest(index),
});
export const windowLine = (index: number) =>
  JSON.stringify({ type: 'window', window: windowOf(index) });
export const started = JSON.stringify({
  type: 'started',
  protocol: MOVER_PROTOCOL,
  version: MOVER_VERSION,
  pid: 1,
  startedAt: '',
});

export const mark: VolumeMark = {
  storeId: 'store',
  migrationId: 'm',
  volumeId: 'v',
  generation: 1,
  phase: 'writing',
  layerId: 'base',
  fence: 2,
};
export const apply = (change: Partial<ApplyOrder> = {}): ApplyOrder => ({
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

export const doneWith = (
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

/** Waits until it is so; 5 s at most. */
export async function untilSo(isSo: () => boolean): Promise<void> {
  const limit = performance.now() + 5_000;
  while (!isSo()) {
    if (performance.now() > limit) throw new Error('it never became so');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
