/** What a PodMover does with a folder that only this machine has. The pod is a process of this machine; port-forward is a socket to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';

import { MIB } from '../../../bytes';
import { EngineError } from '../../../errors';
import type { ApplyOrder, MoverOrder, MoverStatus, WindowReport } from '../../../mover/mover';
import { unpackOrder } from '../../../mover/packed-order';
import { buildMover } from '../../../testing/build-mover';
import { moverScene, plainStateDigest } from '../../../testing/mover-scene';
import { connected } from '../../../testing/pushed-run';
import { tempFolder } from '../../../testing/temp-folder';
import type { ClusterApi } from '../cluster/cluster-api';
import type { KubeObject, Pod, ResourceKind } from '../cluster/resources';
import { PodMover } from './pod-mover';

const folder = tempFolder();
jest.setTimeout(60_000);
let scenes = 0;

/** A cluster of one pod, whose container is the mover program with files. */
class OnePodCluster {
  readonly made: KubeObject[] = [];
  readonly lines: string[] = [];
  /** Called for each connection that is asked for; what it throws is the answer. */
  onForward: (nth: number) => void = () => undefined;
  forwards = 0;
  private pod: Pod | undefined;
  private child: ChildProcess | undefined;
  private claim: KubeObject | undefined;
  private readonly watchers = new Set<() => void>();

  constructor(private readonly place: string) {
    fs.mkdirSync(place, { recursive: true });
  }

  readonly api = {
    namespace: 'vms',
    get: async ({ kind }: ResourceKind<KubeObject>, name: string) =>
      kind === 'Pod' ? this.pod : name === 'web-0' ? this.claim : undefined,
    create: async ({ kind }: ResourceKind<KubeObject>, object: KubeObject) => {
      const made = {
        ...object,
        metadata: { ...object.metadata, uid: 'one', resourceVersion: '1' },
      };
      this.made.push({ ...made, kind });
      if (kind === 'Pod') this.pod = made as Pod;
      if (kind === 'Secret') this.start(made as KubeObject & { data: { order: string } });
      return made;
    },
    patch: async () => this.pod,
    delete: async ({ kind }: ResourceKind<KubeObject>) => {
      if (kind === 'Pod') this.child?.kill('SIGTERM');
      return 'deleting';
    },
    watch: (_kind: unknown, { signal }: { signal: AbortSignal }) => this.changes(signal),
    podLog: (_name: string, { signal }: { signal?: AbortSignal } = {}) => this.log(signal),
    eventsOf: async () => [],
    portForward: async (_name: string, port: number) => {
      this.onForward(++this.forwards);
      return connected(port);
    },
  } as unknown as ClusterApi;

  setMark(mark: ApplyOrder['mark']): void {
    this.claim = {
      metadata: {
        name: 'web-0',
        uid: 'claim',
        annotations: { 'vm-migrate.io/mark': JSON.stringify(mark) },
      },
      spec: { storageClassName: 'fast', resources: { requests: {} } },
    } as KubeObject;
  }

  /** As the mover in the pod reads it. */
  order(): MoverOrder | undefined {
    const secret = this.made.find(({ kind }) => kind === 'Secret') as
      { data: { order: string } } | undefined;
    return secret && unpackOrder(Buffer.from(secret.data.order, 'base64'));
  }

  private start({ data }: { data: { order: string } }): void {
    const orderFile = path.join(this.place, 'order.json');
    fs.writeFileSync(orderFile, Buffer.from(data.order, 'base64'));
    const child = spawn(process.execPath, [buildMover(), `--order-file=${orderFile}`]);
    this.child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.lines.push(...text.split('\n').filter(line => line !== ''));
      this.changed();
    });
    this.status({
      phase: 'Running',
      containerStatuses: [{ name: 'mover', state: { running: {} } }],
    });
    child.on('close', code =>
      this.status({
        phase: code === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ name: 'mover', state: { terminated: { exitCode: code ?? 1 } } }],
      }),
    );
  }

  private status(status: NonNullable<Pod['status']>): void {
    this.pod = { ...this.pod, status } as Pod;
    this.changed();
  }

  private changed(): void {
    for (const go of [...this.watchers]) go();
  }

  private nextChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const go = (): void => {
        this.watchers.delete(go);
        resolve();
      };
      this.watchers.add(go);
      signal?.addEventListener('abort', go, { once: true });
    });
  }

  private async *changes(signal: AbortSignal) {
    yield { type: 'synced', items: this.pod === undefined ? [] : [this.pod] };
    while (!signal.aborted) {
      await this.nextChange(signal);
      if (this.pod !== undefined) yield { type: 'changed', object: this.pod };
    }
  }

  private async *log(signal?: AbortSignal) {
    for (let at = 0; ;) {
      while (at < this.lines.length) yield `2026-11-23T18:00:00Z ${this.lines[at++] ?? ''}`;
      if (signal?.aborted !== false || this.pod?.status?.phase !== 'Running') return;
      await this.nextChange(signal);
    }
  }
}

const movers: PodMover[] = [];
afterEach(async () => {
  await Promise.all(movers.splice(0).map(mover => mover.close()));
});

async function scene(pushPatienceMs = 20_000) {
  const place = path.join(folder, `scene-${++scenes}`);
  const disk = moverScene(place, 6 * MIB, scenes);
  const cluster = new OnePodCluster(path.join(place, 'pod'));
  const mover = new PodMover({
    api: cluster.api,
    image: () => 'image',
    stopPatienceMs: 2_000,
    moverProgram: buildMover(),
    pushPatienceMs,
  });
  movers.push(mover);
  const made = await disk.base({ runId: `m/s/${scenes}` });
  const { kind, path: file, sizeBytes } = made.volume;
  const order = { ...made, volume: { kind, path: file, sizeBytes, name: 'web-0' } };
  cluster.setMark(order.mark);
  const untilEnd = async (): Promise<{
    status: MoverStatus;
    windows: WindowReport[];
    waits: string[];
  }> => {
    const windows: WindowReport[] = [];
    const waits: string[] = [];
    for (;;) {
      const status = await mover.attend(order, 50);
      windows.push(...status.windows);
      if (status.state !== 'running') return { status, windows, waits };
      if (status.waitingFor !== undefined) waits.push(status.waitingFor);
    }
  };
  return { disk, cluster, mover, order, untilEnd };
}

it('pushes an apply order into the pod, whose own order names no folder and whose key is in the Secret alone', async () => {
  const { disk, cluster, order, untilEnd } = await scene();
  const { status } = await untilEnd();
  if (status.state !== 'done') throw new Error(JSON.stringify(status));
  expect(status.receipt.stateDigest).toBe(plainStateDigest(disk.baseContent));
  expect(fs.readFileSync(disk.volume).equals(disk.baseContent)).toBe(true);
  const inSecret = cluster.order();
  if (inSecret?.order !== 'apply' || inSecret.source.kind !== 'pushed')
    throw new Error(JSON.stringify(inSecret));
  const folderHere = order.source.kind === 'vm-directory' ? order.source.folder : '?';
  expect(JSON.stringify(inSecret.source)).not.toContain(folderHere);
  const others = cluster.made.filter(({ kind }) => kind !== 'Secret');
  const elsewhere = JSON.stringify([others, cluster.lines, status]);
  expect(elsewhere).not.toContain(folderHere);
  expect(elsewhere).not.toContain(inSecret.source.key);
});

it('goes on when the way is broken for a while, and says what it waits for', async () => {
  const { disk, cluster, untilEnd } = await scene();
  cluster.onForward = nth => {
    if (nth <= 2)
      throw new EngineError('CLUSTER_UNREACHABLE', { found: 'connection refused', retry: 'later' });
  };
  const { status, waits } = await untilEnd();
  expect(status.state).toBe('done');
  expect(waits).toContain('the connection that pushes the layer to come back: connection refused');
  expect(fs.readFileSync(disk.volume).equals(disk.baseContent)).toBe(true);
});

it('gives up by name when it stays broken, and the pod is told to go', async () => {
  const { cluster, untilEnd } = await scene(300);
  cluster.onForward = () => {
    throw new EngineError('CLUSTER_FORBIDDEN', { found: '403 cannot get pods/portforward' });
  };
  const { status } = await untilEnd();
  expect(status).toMatchObject({
    state: 'failed',
    error: { code: 'CLUSTER_UNREACHABLE', retry: 'later' },
  });
  if (status.state === 'failed')
    expect(status.error.found).toContain('403 cannot get pods/portforward');
});

it('what the source is guilty of ends the run by its own name', async () => {
  const { order, mover } = await scene();
  const gone = { ...order, layer: { ...order.layer, file: 'gone.vmdk' } };
  let status = await mover.attend(gone, 20_000);
  while (status.state === 'running') status = await mover.attend(gone, 20_000);
  expect(status).toMatchObject({ state: 'failed', error: { code: 'FILE_MISSING' } });
});

it('a stop goes over the connection and is quick', async () => {
  const { order, mover, cluster } = await scene();
  const slow = { ...order, bytesPerSecond: 200_000 };
  while (cluster.forwards === 0) await mover.attend(slow, 50);
  await mover.stop(slow.runId);
  expect(await mover.attend(slow, 0)).toMatchObject({
    state: 'failed',
    error: { code: 'MOVER_STOPPED' },
  });
});

it('hashes a chain of this machine here, without a pod', async () => {
  const { disk, mover, cluster } = await scene();
  const chain = { ...disk.hashChain(), runId: 'm/s/chain' };
  const status = await mover.attend(chain, 20_000);
  if (status.state !== 'done') throw new Error(JSON.stringify(status));
  expect(status.receipt.stateDigest).toBe(plainStateDigest(disk.deltaContent));
  expect(cluster.made).toEqual([]);
});
