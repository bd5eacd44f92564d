/**
 * What goes wrong on a cluster: how it begins, with which words the engine has to name it, and how
 * it ends. Tests choose when; the chaos run chooses at random. No fault's words fit what another one
 * makes the engine say (test/unit/cluster-faults.test.ts): a test that hears them has met this fault.
 */
import type { ComponentName } from './components';
import type { Faults } from './drivers';
import type { Lab, LabEngine } from './lab';
import { until } from './until';
import type { Treatment, TreatedRequests } from './api-proxy';

/** Ends the fault; what it left behind is the engine's to mend. */
export type Mend = () => Promise<void>;

export interface Fault {
  readonly name: string;
  begin(lab: Lab, engine: LabEngine): Promise<Mend>;
  /** Said by a step (its reason or failure) or by an event; absent: the engine may live through it unnoticed. */
  readonly words?: RegExp;
}

const nothing: Mend = () => Promise.resolve();
const noPreparation = (_lab: Lab): Promise<unknown> => Promise.resolve();

function stopped(component: ComponentName, words: RegExp, first = noPreparation): Fault {
  return {
    name: `${component} down`,
    words,
    async begin(lab) {
      const { cluster } = lab;
      await first(lab);
      await cluster.stop(component);
      return () => cluster.start(component);
    },
  };
}

async function noneIsHalfCut({ kubectl }: Lab): Promise<unknown> {
  return until('all VolumeSnapshots that are cut to be ready', 60_000, async () => {
    const { items } = await kubectl.get<{
      items: { status?: { creationTime?: string; readyToUse?: boolean } }[];
    }>('volumesnapshots');
    return items.every(({ status }) => status?.creationTime === undefined || status.readyToUse);
  });
}

/** A driver has one set of faults; whoever was replaced by a later one has nothing to mend. */
let standing: Faults | undefined;

function driverSays(name: string, faults: Faults, words: RegExp): Fault {
  return {
    name,
    words,
    begin({ cluster }) {
      cluster.setFault('fast', faults);
      standing = faults;
      return Promise.resolve(() => {
        if (standing === faults) cluster.clearFaults();
        return Promise.resolve();
      });
    },
  };
}

function requestsMeet(
  name: string,
  treatment: Treatment,
  words?: RegExp,
  requests?: TreatedRequests,
): Fault {
  return {
    name,
    ...(words === undefined ? {} : { words }),
    begin({ proxy }) {
      const end = proxy.treat(treatment, requests);
      // What is under way would not notice.
      proxy.cutAll();
      return Promise.resolve(async () => void end());
    },
  };
}

/** Of a mover that copies. */
function podOf(
  name: string,
  words: RegExp,
  act: (lab: Lab, volume: string) => Promise<unknown>,
): Fault {
  return {
    name,
    words,
    async begin(lab, engine) {
      // The one that was found may have ended meanwhile: then it is the next one's turn.
      await until(name, 300_000, async () => {
        await act(lab, await lab.copying(engine, 0));
        return true;
      });
      return nothing;
    },
  };
}

export const podDeleted = podOf(
  'mover pod deleted',
  /Where: pod \S+\. Found: it was deleted(?! \(Eviction)/,
  ({ kubectl }, volume) => kubectl.run(['delete', 'pod', volume, '--wait=false']),
);

export const podEvicted = podOf(
  'mover pod evicted, as a drained node does',
  /it was deleted \(EvictionByEvictionAPI/,
  ({ kubectl }, volume) =>
    kubectl.run(
      [
        'create',
        '--raw',
        `/api/v1/namespaces/${kubectl.namespace}/pods/${volume}/eviction`,
        '-f',
        '-',
      ],
      JSON.stringify({
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: volume, namespace: kubectl.namespace },
      }),
    ),
);

/** Nobody listens where it was: the proxy before it is shut with it. */
export const apiServerDown: Fault = {
  name: 'kube-apiserver down',
  words: /cannot be reached, or cannot serve now.*ECONNREFUSED/,
  async begin({ cluster, proxy }) {
    await cluster.stop('kube-apiserver');
    const open = proxy.shut();
    return async () => {
      await cluster.start('kube-apiserver');
      await open();
    };
  },
};
export const kubeletDown = stopped('kubelet', /not heard of|no node takes pod|to take up pod/);
export const snapshotControllerDown = stopped(
  'snapshot-controller',
  /see that the snapshot controller runs/,
);
/** Of a VolumeSnapshot that is cut and not ready nobody can say whether its driver is down or slow: those are waited for. */
export const driverDown = stopped(
  'driver-fast',
  /class fast has not made it(?!.*no free extent)|has not cut it: see that its csi-snapshotter runs|(FailedMount|MapVolume).*(registered CSI drivers|csi\.sock)/,
  noneIsHalfCut,
);

export const snapshotError = driverSays(
  'snapshot error of the driver',
  { errors: { CreateSnapshot: 'the pool has no room' } },
  /the cluster says: .*the pool has no room/,
);
export const readinessDelayed = driverSays(
  'VolumeSnapshot ready late',
  { snapshotReadyDelayMs: 6_000 },
  /it is cut, and the driver is not done with it/,
);
export const volumeRefused = driverSays(
  'driver makes no volume',
  { errors: { CreateVolume: 'no free extent' } },
  /has not made it; .*no free extent/,
);

export const quotaHit: Fault = {
  name: 'quota hit',
  words: /exceeded quota/,
  async begin({ kubectl }) {
    const metadata = { name: 'tight' };
    const hard = { persistentvolumeclaims: '1', pods: '0' };
    await kubectl.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } });
    // Enforced once the controller has counted.
    await kubectl.until<{ status?: { hard?: object } }>(
      'resourcequota/tight',
      ({ status }) => status?.hard !== undefined,
    );
    return async () => void (await kubectl.run(['delete', 'resourcequota', 'tight']));
  },
};

export const tooManyRequests = requestsMeet(
  'answers 429',
  { does: 'answer', status: 429, retryAfterSeconds: 1 },
  /429 TooManyRequests the proxy of the test/,
);
export const internalErrors = requestsMeet(
  'answers 500',
  { does: 'answer', status: 500 },
  /500 InternalError the proxy of the test/,
);
export const noAnswers = requestsMeet('no answers', { does: 'hang' }, /no answer within/);
export const cutConnections = requestsMeet(
  'cut connections',
  { does: 'cut' },
  /ECONNRESET|socket hang up|socket disconnected/,
);
/** Every second one of what changes something: it is done, and nobody is told. */
export const LOST_ANSWERS: [Treatment, TreatedRequests] = [
  { does: 'lose-answer' },
  { which: /^(POST|PATCH|DELETE) /, every: 2 },
];
export const CUT_STREAMS: [Treatment, TreatedRequests] = [
  { does: 'cut-later', afterMs: 300 },
  { which: /[?&](watch=1|follow=true)/ },
];
export const lostAnswers = requestsMeet(
  'lost answers',
  LOST_ANSWERS[0],
  undefined,
  LOST_ANSWERS[1],
);
export const cutStreams = requestsMeet(
  'cut watches and logs',
  CUT_STREAMS[0],
  undefined,
  CUT_STREAMS[1],
);
export const lostLogs = requestsMeet(
  'log rotated away',
  { does: 'empty' },
  /log of the pod to tell of all/,
  { which: /\/log\?/ },
);

/** In the chaos run every one of them may happen at any moment. */
export const FAULTS: readonly Fault[] = [
  podDeleted,
  podEvicted,
  apiServerDown,
  kubeletDown,
  snapshotControllerDown,
  driverDown,
  snapshotError,
  readinessDelayed,
  volumeRefused,
  quotaHit,
  tooManyRequests,
  internalErrors,
  noAnswers,
  cutConnections,
  lostAnswers,
  cutStreams,
  lostLogs,
];

/** `npm run soak` keeps a fault that long after it was named; the short form mends it at once. */
export const HOLD_MS = Number(process.env['VM_MIGRATE_HOLD_MS'] ?? 0);
