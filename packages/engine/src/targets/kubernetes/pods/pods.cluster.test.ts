/** Movers in pods on the real cluster: `.tools/run jest --selectProjects cluster pods.cluster`. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import {
  type Cluster,
  describeWithOwnCluster,
  ensureCluster,
} from '../../../../../../test/cluster';
import { Kubectl } from '../../../../../../test/cluster/kubectl';
import { loadMoverImage } from '../../../../../../test/cluster/mover-image';
import { serveFolder } from '../../../../../../test/cluster/serve-folder';
import { GIB, MIB } from '../../../bytes';
import type { EngineError } from '../../../errors';
import type {
  ApplyOrder,
  HashChainOrder,
  HashVolumeOrder,
  MoverOrder,
  MoverStatus,
  VolumeMark,
  WindowReport,
} from '../../../mover/mover';
import {
  moverScene,
  type MoverScene,
  plainStateDigest,
  plainWindowsDigest,
} from '../../../testing/mover-scene';
import { settled, snapshotSpec, volumeSpec } from '../../../testing/target-suite';
import { tempFolder } from '../../../testing/temp-folder';
import type { Volume, VolumeSnapshot } from '../../target';
import { type ClusterApi } from '../cluster/cluster-api';
import { openCluster } from '../cluster/http-cluster-api';
import { PERSISTENT_VOLUME_CLAIM, POD } from '../cluster/resources';
import { KubernetesTarget } from '../kubernetes-target';
import { kubernetesOptionsSchema } from '../options';
import { ClusterPods } from './cluster-pods';

const folder = tempFolder();
const STORE = 'store-one';
const SIZE = 6 * MIB;

let made = 0;

/** A namespace of a cluster with the mover's image, and what tests do in it. */
function sceneOn() {
  let cluster: Cluster;
  let kubectl: Kubectl;
  let api: ClusterApi;
  let image: string;
  const targets: KubernetesTarget[] = [];

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    image = await loadMoverImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
    api = openCluster({ kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace });
  }, 300_000);

  afterAll(async () => {
    await Promise.all(targets.map(target => target.close()));
    api.close();
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  const targetWith = (options: object = {}, ofPods: object = {}): KubernetesTarget => {
    const own = openCluster({ kubeconfig: cluster.kubeconfigPath, namespace: kubectl.namespace });
    const parsed = kubernetesOptionsSchema.parse({ volumeMode: 'Block', ...options });
    const pods = new ClusterPods({
      api: own,
      image: () => image,
      pods: { imagePullPolicy: 'Never', ...parsed.pods },
      ...ofPods,
    });
    const target = new KubernetesTarget('lab', parsed, { api: own, pods });
    targets.push(target);
    return target;
  };

  /** A VM's folder as a PVC, which a restricted pod may mount; on this machine the node is ourselves. */
  const servedScene = async (
    sizeBytes = SIZE,
  ): Promise<MoverScene & { readonly claim: string }> => {
    const name = `scene-${++made}`;
    const scene = moverScene(path.join(folder, name), sizeBytes, made);
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    const claim = `${name}-source`;
    await serveFolder(
      kubectl,
      claim,
      scene.source.kind === 'vm-directory' ? scene.source.folder : '',
    );
    return { ...scene, claim };
  };

  const volumeNamed = (
    target: KubernetesTarget,
    name: string,
    storageClass = 'fast',
    sizeBytes = SIZE,
  ) =>
    settled(() =>
      target.ensureVolume(volumeSpec({ storageClass, sizeStepBytes: 512 }, { name, sizeBytes })),
    );

  const markAs = async (
    target: KubernetesTarget,
    name: string,
    change: Partial<VolumeMark>,
  ): Promise<Volume> => {
    const found = await target.findVolume(name);
    if (found === undefined) throw new Error(`no volume ${name}`);
    const mark = { ...found.mark, ...change };
    await target.mark(name, found.mark, mark);
    return { ...found, mark };
  };

  /** The scene's order for this volume, as applyLayer makes it. */
  const orderOn = async (
    target: KubernetesTarget,
    scene: MoverScene & { readonly claim: string },
    name: string,
    layer: 'base' | 'delta',
    change: Partial<ApplyOrder> = {},
  ): Promise<ApplyOrder> => {
    const fence = change.fence ?? 1;
    const { address, mark, tablesPath } = await markAs(target, name, {
      phase: 'writing',
      layerId: layer,
      fence,
    });
    const order = await scene[layer](change);
    return {
      ...order,
      runId: `m1/${name}-${layer}/${fence}`,
      source: { ...order.source, pods: { persistentVolumeClaim: scene.claim } } as never,
      volume: address,
      mark,
      proof: {
        stateSizeBytes: scene.sizeBytes,
        table: `${tablesPath}/${layer}.table`,
        ...(layer === 'delta' ? { parentTable: `${tablesPath}/base.table` } : {}),
      },
      ...change,
    };
  };

  const toTheEnd = async (target: KubernetesTarget, order: MoverOrder) => {
    const windows: WindowReport[] = [];
    let status: MoverStatus;
    do {
      status = await target.mover().attend(order, 2_000);
      windows.push(...status.windows);
    } while (status.state === 'running');
    return { ...status, windows };
  };
  const done = async (target: KubernetesTarget, order: MoverOrder) => {
    const status = await toTheEnd(target, order);
    if (status.state !== 'done') throw new Error(JSON.stringify(status.error, null, 1));
    return status;
  };

  const applied = async (
    target: KubernetesTarget,
    scene: MoverScene & { readonly claim: string },
    name: string,
    layer: 'base' | 'delta',
  ) => {
    const order = await orderOn(target, scene, name, layer);
    const began = performance.now();
    const status = await done(target, order);
    process.stderr.write(
      `  ${name} ${layer}: ${Math.round(performance.now() - began)} ms in all, ${status.receipt.durationMs} ms of them the mover's\n`,
    );
    await markAs(target, name, { phase: 'holds', layerId: layer });
    return status;
  };

  const cut = (
    target: KubernetesTarget,
    volume: string,
    layerId: string,
  ): Promise<VolumeSnapshot> =>
    settled(() =>
      target.ensureVolumeSnapshot(
        snapshotSpec({ name: `${volume}-${layerId}`, volume, layerId, stateSizeBytes: SIZE }),
      ),
    );

  const restored = (
    target: KubernetesTarget,
    name: string,
    from: string,
    layerId: string,
    storageClass: string,
  ) => {
    const spec = volumeSpec({ storageClass, sizeStepBytes: 512 }, { name, sizeBytes: SIZE });
    return settled(() =>
      target.ensureVolumeFrom({ ...spec, mark: { ...spec.mark, phase: 'holds', layerId } }, from),
    );
  };

  const hashOf = (volume: Volume, change: Partial<HashVolumeOrder> = {}): HashVolumeOrder => ({
    protocol: 1,
    order: 'hash-volume',
    runId: `m1/hash-${volume.name}/${++made}`,
    leaseMs: 1,
    bytesPerSecond: 0,
    volume: volume.address,
    stateSizeBytes: SIZE,
    ...change,
  });

  /** Until the pod writes: it has its image, its volumes and its order. */
  const begun = async (target: KubernetesTarget, order: MoverOrder): Promise<MoverStatus> => {
    let status = await target.mover().attend(order, 500);
    while (status.state === 'running' && status.progress === undefined)
      status = await target.mover().attend(order, 500);
    return status;
  };

  return {
    cluster: () => cluster,
    kubectl: () => kubectl,
    api: () => api,
    targetWith,
    servedScene,
    volumeNamed,
    orderOn,
    begun,
    toTheEnd,
    done,
    applied,
    cut,
    restored,
    hashOf,
  };
}

describeWithOwnCluster('movers in pods', () => {
  const { cluster, kubectl, api, ...scenes } = sceneOn();
  const { targetWith, servedScene, volumeNamed, orderOn, begun, toTheEnd, done } = scenes;
  const { applied, cut, restored, hashOf } = scenes;

  it('write a base and a delta onto volumes of every kind; each VolumeSnapshot restores to its state', async () => {
    // Side by side: a pod's start is waiting, not work.
    await Promise.all([
      writesAndRestores('Block', 'fast'),
      writesAndRestores('Filesystem', 'fast'),
      writesAndRestores('Block', 'fast-wffc'),
    ]);
  }, 240_000);

  async function writesAndRestores(volumeMode: string, storageClass: string): Promise<void> {
    const target = targetWith({ volumeMode });
    const scene = await servedScene();
    const name = `v-${++made}`;
    await volumeNamed(target, name, storageClass);
    const base = await applied(target, scene, name, 'base');
    expect(base.receipt.windowsDigest).toBe(plainWindowsDigest(base.windows));
    expect(base.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
    await cut(target, name, 'base');
    const delta = await applied(target, scene, name, 'delta');
    expect(delta.receipt.stateDigest).toBe(plainStateDigest(scene.deltaContent));
    await cut(target, name, 'delta');

    const check = await restored(target, `${name}-r`, `${name}-base`, 'base', storageClass);
    const whole = await done(target, hashOf(check));
    expect(whole.receipt.stateDigest).toBe(base.receipt.stateDigest);
    const sample = { windows: 5, seed: 3, table: `${check.tablesPath}/base.table` };
    const sampled = await done(target, hashOf(check, { sample }));
    expect(sampled.receipt.windowsCompared).toBe(5);
    const wrong = { ...sample, table: `${check.tablesPath}/delta.table`, windows: 100 };
    expect(await toTheEnd(target, hashOf(check, { sample: wrong }))).toMatchObject({
      state: 'failed',
      error: { code: 'VERIFY_MISMATCH' },
    });

    // A fork goes on from a restored volume, whose block table it has to make by reading.
    const fork = await done(target, await orderOn(target, scene, `${name}-r`, 'delta'));
    expect(fork.receipt.stateDigest).toBe(delta.receipt.stateDigest);
    await settled(() => target.remove('volume', `${name}-r`, STORE));
    expect(await api().get(PERSISTENT_VOLUME_CLAIM, `${name}-r`)).toBeUndefined();
  }

  it('go on after their pod was deleted, from the last window', async () => {
    const target = targetWith();
    const scene = await servedScene();
    await volumeNamed(target, 'deleted');
    const slow = await orderOn(target, scene, 'deleted', 'base', { bytesPerSecond: MIB / 4 });
    const windows: WindowReport[] = [];
    while (windows.length === 0) {
      const status = await target.mover().attend(slow, 500);
      if (status.state !== 'running') throw new Error(JSON.stringify(status));
      windows.push(...status.windows);
    }
    await kubectl().run(['delete', 'pod', 'deleted', '--wait=false']);
    const first = await toTheEnd(target, slow);
    expect(first).toMatchObject({ state: 'failed', error: { retry: 'later' } });
    windows.push(...first.windows);
    const again = await orderOn(target, scene, 'deleted', 'base', {
      fence: 2,
      windowsDone: windows,
    });
    const second = await done(target, again);
    const indexes = [...windows, ...second.windows].map(window => window.index);
    expect(new Set(indexes).size).toBe(indexes.length);
    expect(second.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
  }, 120_000);

  it('change their rate while they run, and stop after the window in hand', async () => {
    const target = targetWith();
    const scene = await servedScene();
    await volumeNamed(target, 'rate');
    const order = await orderOn(target, scene, 'rate', 'base', { bytesPerSecond: 1_000 });
    const status = await begun(target, order);
    target.mover().renew(order.runId, MIB);
    const windows = [...status.windows];
    while (windows.length === 0) {
      const now = await target.mover().attend(order, 500);
      if (now.state !== 'running') throw new Error(JSON.stringify(now));
      windows.push(...now.windows);
    }
    const began = performance.now();
    await target.mover().stop(order.runId);
    process.stderr.write(
      `  told to stop, ended after ${Math.round(performance.now() - began)} ms\n`,
    );
    expect(await toTheEnd(target, order)).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_STOPPED' },
    });
    await kubectl().run(['wait', '--for=delete', 'pod/rate', '--timeout=30s']);
  }, 120_000);

  it('of an older fence are taken over by the next one; the stale worker learns of it', async () => {
    const [old, next] = [targetWith(), targetWith()];
    const scene = await servedScene();
    await volumeNamed(old, 'fenced');
    const slow = await orderOn(old, scene, 'fenced', 'base', { bytesPerSecond: 100_000 });
    await begun(old, slow);
    const order = await orderOn(next, scene, 'fenced', 'base', { fence: 2 });
    const [stale, fresh] = await Promise.all([toTheEnd(old, slow), done(next, order)]);
    expect(stale).toMatchObject({ state: 'failed', error: { code: 'STORE_CONFLICT' } });
    expect(fresh.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
    const error = (await toTheEnd(old, { ...slow, runId: `${slow.runId}-late` })) as {
      error?: EngineError;
    };
    expect(error.error?.code).toBe('VOLUME_UNEXPECTED');
  }, 120_000);

  it('are followed by every worker that has the same run', async () => {
    const [one, other] = [targetWith(), targetWith()];
    const scene = await servedScene();
    await volumeNamed(one, 'shared');
    const order = await orderOn(one, scene, 'shared', 'base', { bytesPerSecond: 2 * MIB });
    await begun(one, order);
    // Its process died: what the log has, the next one reads again from the beginning.
    const late = await done(other, order);
    expect(late.receipt.windowsDigest).toBe(plainWindowsDigest(late.windows));
    expect(late.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
  }, 120_000);

  it('read a source over HTTP with credentials that no object but their Secret shows', async () => {
    const scene = await servedScene();
    const server = await rangeServer(cluster().bridgeAddress, 'Basic ' + btoa('reader:pa55word'));
    process.env['POD_TEST_LOGIN'] = 'reader:pa55word';
    try {
      const target = targetWith();
      const folder = scene.source.kind === 'vm-directory' ? scene.source.folder : '';
      const order: HashChainOrder = {
        protocol: 1,
        order: 'hash-chain',
        runId: `m1/chain/${++made}`,
        leaseMs: 1,
        bytesPerSecond: 0,
        source: {
          kind: 'vm-https',
          url: `${server.origin}${folder}/`,
          folder: `${server.origin}${folder}/`,
          datastores: {},
          allowAddresses: [cluster().bridgeAddress],
          denyAddresses: [],
          allowPlainHttp: true,
          credentials: { env: 'POD_TEST_LOGIN' },
        },
        files: ['disk.vmdk', 'disk-000001.vmdk'],
        stateSizeBytes: SIZE,
      };
      const first = await target.mover().attend(order, 1_000);
      const pods = await kubectl().run(['get', 'pods', '-o', 'yaml']);
      expect(first.state).toBe('running');
      expect(pods).toContain('name: vmm-chain-');
      expect(pods).not.toContain('pa55word');
      const { receipt } = await done(target, order);
      expect(receipt.stateDigest).toBe(plainStateDigest(scene.deltaContent));
    } finally {
      delete process.env['POD_TEST_LOGIN'];
      await server.close();
    }
  }, 180_000);

  it('give up on an image that is nowhere and on a node that is not there, with the reason', async () => {
    await Promise.all([
      givesUp({ image: () => 'nowhere.invalid/mover:1' }, {}, /ErrImageNeverPull/),
      givesUp({}, { pods: { nodeSelector: { no: 'where' } } }, /no node takes pod/),
    ]);
  }, 180_000);

  async function givesUp(ofPods: object, options: object, words: RegExp): Promise<void> {
    const target = targetWith(options, { startLimitMs: 15_000, ...ofPods });
    const scene = await servedScene();
    const name = `stuck-${++made}`;
    await volumeNamed(target, name);
    const status = await toTheEnd(target, await orderOn(target, scene, name, 'base'));
    expect(status).toMatchObject({ state: 'failed', error: { code: 'CLUSTER_STUCK' } });
    expect(JSON.stringify(status)).toMatch(words);
    await kubectl().run(['wait', '--for=delete', `pod/${name}`, '--timeout=30s']);
    expect(await api().get(POD, name)).toBeUndefined();
  }

  it('keep to 256 MiB of memory on a large disk, and name the kill when they may not', async () => {
    const scene = await servedScene(288 * MIB);
    const target = targetWith({ volumeMode: 'Block' });
    await volumeNamed(target, 'large', 'fast', 2 * GIB);
    const order = await orderOn(target, scene, 'large', 'base');
    const status = await done(target, order);
    expect(status.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
    const tight = targetWith({
      pods: { limits: { memory: '24Mi' }, requests: { memory: '24Mi' } },
    });
    await volumeNamed(tight, 'tight', 'fast', 2 * GIB);
    const killed = await toTheEnd(tight, await orderOn(tight, scene, 'tight', 'base'));
    expect(killed).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_FAILED', retry: 'later' },
    });
    expect(JSON.stringify(killed)).toMatch(/OOMKilled/);
  }, 400_000);
});

describeWithOwnCluster('movers in pods, when the cluster fails', () => {
  const { cluster, targetWith, servedScene, volumeNamed, orderOn, begun, toTheEnd, done } =
    sceneOn();
  const slowly = { bytesPerSecond: MIB };
  afterAll(() => cluster().start('kubelet'));

  it('on a node that is not heard of are waited for, in words; nobody else writes meanwhile', async () => {
    const [target, next] = [targetWith(), targetWith({}, { stopPatienceMs: 1_000 })];
    const scene = await servedScene();
    await volumeNamed(target, 'lost');
    const order = await orderOn(target, scene, 'lost', 'base', slowly);
    await begun(target, order);
    await cluster().stop('kubelet');
    const took = await orderOn(next, scene, 'lost', 'base', { fence: 2 });
    const reasons = new Set<string>();
    const limit = performance.now() + 180_000;
    while (![...reasons].some(reason => /not heard of/.test(reason))) {
      if (performance.now() > limit) throw new Error(`only: ${[...reasons].join(' | ')}`);
      const status = await next.mover().attend(took, 1_000);
      if (status.state !== 'running') throw new Error(JSON.stringify(status));
      reasons.add(status.waitingFor ?? '');
    }
    process.stderr.write(`  ${[...reasons].join(' | ')}\n`);
    await cluster().start('kubelet');
    const status = await done(next, took);
    expect(status.receipt.stateDigest).toBe(plainStateDigest(scene.baseContent));
    expect((await toTheEnd(target, order)).state).not.toBe('running');
  }, 360_000);
});

/** The files of this machine by ranges, for whoever has the credentials. */
async function rangeServer(
  address: string,
  authorization: string,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const file = decodeURIComponent(request.url ?? '');
    const facts = fs.statSync(file, { throwIfNoEntry: false });
    if (request.headers.authorization !== authorization) return response.writeHead(401).end();
    if (facts?.isFile() !== true) return response.writeHead(404).end();
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = Math.min(
      to === undefined || to === '' ? facts.size - 1 : Number(to),
      facts.size - 1,
    );
    const range = { 'content-range': `bytes ${start}-${end}/${facts.size}` };
    response.writeHead(from === undefined ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      etag: `"${facts.mtimeMs}-${facts.size}"`,
      'last-modified': facts.mtime.toUTCString(),
      ...(from === undefined ? {} : range),
    });
    if (request.method === 'HEAD') return response.end();
    return fs.createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise<void>(resolve => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${address}:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}
