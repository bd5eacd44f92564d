/**
 * Pods that go on for a later claim, on an API server made of maps: every place where a stale worker,
 * another claim or the pod's own end may come in between is tried.
 */
import { unpackOrder } from '../../../mover/packed-order';
import type { ApplyOrder, MoverStatus, VolumeMark } from '../../../mover/mover';
import {
  apply,
  doneWith,
  MapCluster,
  mark,
  started,
  untilSo,
  windowLine,
  windowOf,
} from '../../../testing/map-cluster';
import type { KubeObject, Pod } from '../cluster/resources';
import { PodMover } from './pod-mover';
import { restsAfter } from './pod-rest';

const RUN = 'vm-migrate.io/run';
const STOP = 'vm-migrate.io/stop';

/** The same step claimed again. */
const claimed = (fence: number, change: Partial<ApplyOrder> = {}) =>
  apply({ runId: `m/s/${fence}`, fence, mark: { ...mark, fence }, ...change });
const resting = (change: Partial<ApplyOrder> = {}) => apply({ afterwards: 'rest', ...change });
const nextLayer = (change: Partial<ApplyOrder> = {}) =>
  apply({
    runId: 'm/next/1',
    fence: 1,
    layerId: 'delta',
    content: 'parent',
    mark: { ...mark, layerId: 'delta', fence: 1 },
    proof: { stateSizeBytes: 1, table: '/tables/delta.table' },
    ...change,
  });
const of = (layerId: string) => (line: string) => JSON.stringify({ ...JSON.parse(line), layerId });
const doneLine = (indexes: readonly number[], layerId: string) => {
  const { receipt } = doneWith(indexes);
  return { type: 'done', receipt: { ...receipt, layerId } };
};

describe('a pod of an earlier claim', () => {
  let cluster: MapCluster;
  let movers: PodMover[];
  const worker = (): PodMover => {
    const mover = new PodMover({
      api: cluster.api,
      image: () => 'image',
      startLimitMs: 2_000,
      stopPatienceMs: 200,
    });
    movers.push(mover);
    return mover;
  };
  const setMark = (change: Partial<VolumeMark>) =>
    cluster.put('PersistentVolumeClaim', {
      metadata: {
        name: 'web-0',
        uid: 'volume',
        labels: { 'vm-migrate.io/store': 'store' },
        annotations: { 'vm-migrate.io/mark': JSON.stringify({ ...mark, ...change }) },
      },
      spec: { storageClassName: 'fast', resources: { requests: {} } },
    } as KubeObject);
  const podNow = (): Pod => {
    const pod = cluster.pod('web-0');
    if (pod === undefined) throw new Error('no pod');
    return pod;
  };
  const toTheEnd = async (mover: PodMover, order: ApplyOrder): Promise<MoverStatus> => {
    for (;;) {
      const status = await mover.attend(order, 5_000);
      if (status.state !== 'running') return status;
    }
  };

  beforeEach(() => {
    cluster = new MapCluster();
    movers = [];
    setMark({});
    cluster.logs.set('web-0', [started, windowLine(0)]);
    cluster.onStart = pod => cluster.running(pod);
  });
  afterEach(() => Promise.all(movers.map(mover => mover.close())));

  const running = async (order = apply()): Promise<{ mover: PodMover; pod: Pod }> => {
    const mover = worker();
    await mover.attend(order, 50);
    return { mover, pod: podNow() };
  };

  it('goes on for the next one, which is handed the windows that the store does not hold', async () => {
    const { pod } = await running();
    setMark({ fence: 3 });
    const next = worker();
    const order = claimed(3, { windowsDone: [windowOf(0)], bytesPerSecond: 7 });
    cluster.logs.set('web-0', [started, windowLine(0), windowLine(1)]);
    await next.attend(order, 50);
    expect(podNow().metadata).toMatchObject({
      uid: pod.metadata.uid,
      annotations: { [RUN]: 'm/s/3', 'vm-migrate.io/bytes-per-second': '7' },
    });
    cluster.ended(podNow(), doneWith([0, 1], 'm/s/2'));
    const status = await toTheEnd(next, order);
    expect(status).toMatchObject({ state: 'done', receipt: { runId: 'm/s/2' } });
    expect(cluster.said.filter(words => words.startsWith('create Pod'))).toHaveLength(1);
  });

  it('is lost to the stale worker, which stops and deletes nothing', async () => {
    const { mover: stale, pod } = await running();
    setMark({ fence: 3 });
    const next = worker();
    await next.attend(claimed(3), 50);
    expect(await toTheEnd(stale, apply())).toMatchObject({
      state: 'failed',
      error: { code: 'STORE_CONFLICT' },
    });
    await stale.stop('m/s/2');
    await stale.close();
    expect(podNow().metadata.uid).toBe(pod.metadata.uid);
    expect(podNow().metadata.annotations?.[STOP]).toBeUndefined();
    expect(cluster.said.filter(words => words.startsWith('delete Pod'))).toEqual([]);
  });

  it.each(['patch Pod web-0', 'delete Pod web-0'])(
    'is taken over just before a stale worker says "%s": the API server refuses it',
    async words => {
      const { mover: stale, pod } = await running();
      let taken: Promise<MoverStatus> | undefined;
      cluster.before = request => {
        if (request !== words || taken !== undefined) return;
        setMark({ fence: 3 });
        cluster.put('Pod', {
          ...podNow(),
          metadata: {
            ...podNow().metadata,
            annotations: { ...podNow().metadata.annotations, [RUN]: 'm/s/3' },
          },
        });
        taken = Promise.resolve({ state: 'running', progress: undefined, windows: [] });
      };
      await stale.stop('m/s/2');
      expect(taken).toBeDefined();
      expect(cluster.pod('web-0')?.metadata.uid).toBe(pod.metadata.uid);
      if (words.startsWith('patch')) expect(podNow().metadata.annotations?.[STOP]).toBeUndefined();
    },
  );

  it('belongs to the later of two claims, whichever comes first to the pod', async () => {
    await running();
    const [second, third] = [worker(), worker()];
    setMark({ fence: 3 });
    let raced = false;
    // The second claim has read pod and mark; before it writes, the third marks and takes the pod.
    cluster.before = request => {
      if (request !== 'patch Pod web-0' || raced) return;
      raced = true;
      setMark({ fence: 4 });
      cluster.put('Pod', {
        ...podNow(),
        metadata: {
          ...podNow().metadata,
          annotations: { ...podNow().metadata.annotations, [RUN]: 'm/s/4' },
        },
      });
    };
    expect(await toTheEnd(second, claimed(3))).toMatchObject({
      state: 'failed',
      error: { code: 'VOLUME_UNEXPECTED' },
    });
    await third.attend(claimed(4), 50);
    expect(podNow().metadata.annotations?.[RUN]).toBe('m/s/4');
    expect(podNow().metadata.annotations?.[STOP]).toBeUndefined();
  });

  it('is good for its result when it ended while nobody listened', async () => {
    const { mover, pod } = await running();
    await mover.handOver('m/s/2');
    cluster.ended(pod, doneLine([0], 'base'));
    setMark({ fence: 3 });
    const status = await toTheEnd(worker(), claimed(3));
    expect(status).toMatchObject({ state: 'done', windows: [windowOf(0)] });
    expect(cluster.said.filter(words => words.startsWith('create Pod'))).toHaveLength(1);
  });

  it('is made anew when it ended badly meanwhile', async () => {
    const { mover, pod } = await running();
    await mover.handOver('m/s/2');
    cluster.ended(pod, { type: 'failed', error: { code: 'VOLUME_IO', message: 'x' } });
    cluster.onStart = made => cluster.ended(made, doneLine([0], 'base'));
    setMark({ fence: 3 });
    expect(await toTheEnd(worker(), claimed(3))).toMatchObject({ state: 'done' });
    expect(cluster.said.filter(words => words.startsWith('create Pod'))).toHaveLength(2);
  });

  it('is given up when the beginning of its log was rotated away', async () => {
    const { mover } = await running();
    await mover.handOver('m/s/2');
    cluster.logs.set('web-0', [windowLine(5)]);
    setMark({ fence: 3 });
    expect(await toTheEnd(worker(), claimed(3))).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_FAILED', retry: 'later' },
    });
    await untilSo(() => cluster.pod('web-0') === undefined);
  });

  it.each<[string, Partial<ApplyOrder>]>([
    ['other windows', { windowBytes: 131_072 }],
    ['another layer', { layerId: 'other', mark: { ...mark, fence: 3, layerId: 'other' } }],
    ['another manifest', { mark: { ...mark, fence: 3, manifestDigest: 'other' } }],
    ['another content', { content: 'parent' }],
  ])('has to go for an order of %s', async (_, change) => {
    const { pod } = await running();
    const order = claimed(3, change);
    setMark(order.mark);
    const attended = toTheEnd(worker(), order);
    await untilSo(() => podNow().metadata.annotations?.[STOP] === 'true');
    cluster.onStart = made => cluster.ended(made, doneLine([0], order.layerId));
    cluster.ended(pod, {});
    await attended;
    expect(cluster.said.filter(words => words.startsWith('create Pod'))).toHaveLength(2);
  });

  it('has to go when it has not started, and when it was told to stop', async () => {
    cluster.onStart = () => undefined;
    const { mover, pod } = await running();
    void mover.handOver('m/s/2');
    await untilSo(() => cluster.pod('web-0') === undefined);
    expect(cluster.said.filter(words => words === 'delete Pod web-0')).toHaveLength(1);
    expect(pod.metadata.uid).toBeDefined();
  });

  it('is left as it is by a worker that goes, with its windows told', async () => {
    const { mover } = await running();
    await mover.handOver('m/s/2');
    expect(await mover.attend(apply(), 0)).toMatchObject({ state: 'running', windows: [] });
    await mover.close();
    expect(podNow().metadata.annotations?.[STOP]).toBeUndefined();
    expect(cluster.said.filter(words => words.startsWith('delete Pod'))).toEqual([]);
  });

  describe('that can serve further layers', () => {
    const ofBase = [
      ...[started, windowLine(0)].map(of('base')),
      JSON.stringify(doneLine([0], 'base')),
    ];
    const rested = async () => {
      cluster.logs.set('web-0', ofBase.slice(0, 2));
      const { mover, pod } = await running(resting());
      cluster.logs.set('web-0', ofBase);
      // The watch tells of a change, as it would of the log's end.
      cluster.running(podNow());
      expect(await toTheEnd(mover, resting())).toMatchObject({ state: 'done' });
      await untilSo(() => restsAfter(podNow()) === 'base');
      return { mover, pod };
    };

    it('rests after its layer and gets the next one, in which no source is named', async () => {
      const { mover, pod } = await rested();
      setMark(nextLayer().mark);
      const order = nextLayer();
      await mover.attend(order, 50);
      const { annotations = {} } = podNow().metadata;
      expect(podNow().metadata.uid).toBe(pod.metadata.uid);
      expect(restsAfter(podNow())).toBeUndefined();
      expect(annotations[RUN]).toBe('m/next/1');
      const handed = unpackOrder(
        Buffer.from(annotations['vm-migrate.io/next-order'] ?? '', 'base64'),
      );
      expect(handed).toMatchObject({ layerId: 'delta', runId: 'm/next/1' });
      expect(handed).not.toHaveProperty('source');
      cluster.logs.set('web-0', [
        ...ofBase,
        of('delta')(started),
        of('delta')(windowLine(3)),
        JSON.stringify(doneLine([3], 'delta')),
      ]);
      expect(await toTheEnd(mover, order)).toMatchObject({
        state: 'done',
        receipt: { layerId: 'delta' },
      });
      await untilSo(() => cluster.pod('web-0') === undefined);
    });

    it('whose time to rest was over is followed by a pod of its own', async () => {
      const { mover } = await rested();
      setMark(nextLayer().mark);
      cluster.before = request => {
        if (request === 'patch Pod web-0')
          setTimeout(() => cluster.ended(podNow(), doneLine([0], 'base')), 20);
      };
      cluster.onStart = made => {
        cluster.before = () => undefined;
        cluster.logs.set('web-0', [of('delta')(started), of('delta')(windowLine(1))]);
        cluster.running(made);
        cluster.ended(made, doneLine([1], 'delta'));
      };
      expect(await toTheEnd(mover, nextLayer())).toMatchObject({
        state: 'done',
        windows: [windowOf(1)],
      });
      expect(cluster.said.filter(words => words.startsWith('create Pod'))).toHaveLength(2);
    });

    it.each<[string, Partial<ApplyOrder>]>([
      ['of another source', { source: { kind: 'vm-https', url: 'https://other' } as never }],
      ['of another generation of the volume', { mark: { ...nextLayer().mark, generation: 2 } }],
    ])('has to go for an order %s', async (_, change) => {
      await rested();
      const order = nextLayer(change);
      setMark(order.mark);
      void worker().attend(order, 50);
      await untilSo(() => podNow().metadata.annotations?.[STOP] === 'true');
    });
  });
});
