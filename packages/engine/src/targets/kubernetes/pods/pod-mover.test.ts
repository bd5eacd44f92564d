/** PodMover on an API server made of maps: the order of its steps, and what it does when somebody else was there. */
import { EngineError } from '../../../errors';
import type { ApplyOrder, HashChainOrder, MoverStatus, VolumeMark } from '../../../mover/mover';
import {
  apply,
  doneWith,
  MapCluster,
  mark,
  started,
  untilSo as until,
  windowLine,
  windowOf,
} from '../../../testing/map-cluster';
import type { KubeObject, Pod } from '../cluster/resources';
import { PodMover } from './pod-mover';

const PVC = 'PersistentVolumeClaim';

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

  describe('on a class that makes its volumes at once', () => {
    let atOnce: PodMover;
    beforeEach(() => {
      atOnce = new PodMover({
        api: cluster.api,
        image: () => 'image',
        startLimitMs: 20_000,
        bindsAtFirstUse: async name => name !== 'fast',
      });
    });
    afterEach(() => atOnce.close());

    it('makes the pod once the tables are bound, so that no scheduler looks too early', async () => {
      writesWindows([0]);
      const ended = atOnce.attend(apply(), 10_000);
      await until(() => cluster.said.includes('create PersistentVolumeClaim web-0-tables'));
      await until(() => cluster.watched.has('web-0-tables'));
      expect(cluster.said).not.toContain('create Pod web-0');
      const claim = cluster.objects.get(`${PVC}/web-0-tables`);
      cluster.put(PVC, { ...claim, status: { phase: 'Bound' } } as KubeObject);
      expect(await ended).toMatchObject({ state: 'done' });
    });

    it('makes the tables anew when they are of a class that did not make them', async () => {
      cluster.put(PVC, {
        metadata: {
          name: 'web-0-tables',
          ownerReferences: [{ apiVersion: 'v1', kind: PVC, name: 'web-0', uid: 'volume' }],
        },
        spec: { storageClassName: 'broken', resources: { requests: {} } },
        status: { phase: 'Pending' },
      } as KubeObject);
      void atOnce.attend(apply(), 10_000);
      await until(() => cluster.said.includes('create PersistentVolumeClaim web-0-tables'));
      expect(cluster.said).toEqual([
        'delete PersistentVolumeClaim web-0-tables',
        'create PersistentVolumeClaim web-0-tables',
      ]);
    });

    it('says that the tables are not made', async () => {
      for (const endAt = performance.now() + 5_000; ;) {
        const status = await atOnce.attend(apply(), 50);
        const words = status.state === 'running' ? status.waitingFor : undefined;
        if (words?.includes('volume web-0-tables: storage class fast has not made it')) break;
        if (performance.now() > endAt) throw new Error(`it says: ${words}`);
      }
      expect(cluster.said).toEqual(['create PersistentVolumeClaim web-0-tables']);
    });
  });

  it('gives up, by name, on tables of an earlier volume that do not go', async () => {
    cluster.put(PVC, {
      metadata: {
        name: 'web-0-tables',
        labels: { 'vm-migrate.io/store': 'store' },
        deletionTimestamp: 'now',
      },
    } as KubeObject);
    expect(await end()).toMatchObject({
      code: 'CLUSTER_STUCK',
      found: expect.stringContaining('the tables of an earlier volume web-0 to go'),
    });
    expect(cluster.said).toEqual([]);
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

  const saysStopped = {
    type: 'failed',
    error: { code: 'MOVER_STOPPED', message: 'an order to stop', retry: 'later' },
  };

  it('names a pod that somebody deleted, although its mover only knows that it had to stop', async () => {
    cluster.onStart = pod => {
      cluster.running(pod);
      const now = cluster.pod('web-0') ?? pod;
      cluster.put('Pod', { ...now, metadata: { ...now.metadata, deletionTimestamp: 'now' } });
      cluster.ended(pod, saysStopped);
    };
    expect(await end()).toMatchObject({
      code: 'MOVER_FAILED',
      found: 'it was deleted',
      retry: 'later',
    });
  });

  it('names it too when the pod would have served another layer, and is known by its log to have stopped', async () => {
    cluster.onStart = pod => {
      cluster.logs.set('web-0', [started, JSON.stringify(saysStopped)]);
      cluster.running(pod);
      const now = cluster.pod('web-0') ?? pod;
      cluster.put('Pod', { ...now, metadata: { ...now.metadata, deletionTimestamp: 'now' } });
    };
    expect(await toTheEnd(apply({ afterwards: 'rest' }))).toMatchObject({
      state: 'failed',
      error: { code: 'MOVER_FAILED', found: 'it was deleted' },
    });
  });

  it('that a later run told to stop was stopped, and not deleted by somebody', async () => {
    cluster.onStart = pod => {
      const annotations = { ...pod.metadata.annotations, 'vm-migrate.io/stop': 'true' };
      const metadata = { ...pod.metadata, annotations, deletionTimestamp: 'now' };
      cluster.put('Pod', { ...pod, metadata });
      cluster.ended(pod, saysStopped);
    };
    expect(await end()).toMatchObject({ code: 'MOVER_STOPPED' });
  });

  it('says while it runs that nobody passes on what it says', async () => {
    cluster.logFailure = new EngineError('CLUSTER_UNREACHABLE', { found: 'ECONNREFUSED' });
    cluster.onStart = pod => cluster.running(pod);
    let waitingFor: string | undefined;
    while (!/^word from pod web-0: .*ECONNREFUSED/.test(waitingFor ?? '')) {
      const status = await mover.attend(apply(), 100);
      if (status.state !== 'running') throw new Error(JSON.stringify(status));
      waitingFor = status.waitingFor;
    }
    cluster.logFailure = undefined;
    cluster.logs.set('web-0', [started, windowLine(0)]);
    const pod = cluster.pod('web-0');
    if (pod !== undefined) cluster.ended(pod, doneWith([0]));
    expect(await end()).toMatchObject({ state: 'done' });
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
