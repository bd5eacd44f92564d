/** Which fault was met must be known from what the engine says: no fault's words fit another one's sentence. */
import * as all from '../cluster/faults';
import { FAULTS, type Fault } from '../cluster/faults';

const NOT_SERVED = 'The cluster cannot be reached, or cannot serve now. Where: ';
const CUT = 'VolumeSnapshot web-s1: ';
const DELETED = 'The mover program ended without a result. Where: pod web. Found: it was deleted';

/** What the engine says when each is met, with shorter names. */
const SAID: readonly (readonly [Fault, string])[] = [
  [all.podDeleted, `to try again after: ${DELETED}. ${DELETED}.`],
  [all.podEvicted, `${DELETED} (EvictionByEvictionAPI: Eviction API: evicting).`],
  [
    all.apiServerDown,
    `word from pod web: ${NOT_SERVED}https://127.0.0.1:42949, read the log of pod web. Found: connect ECONNREFUSED 127.0.0.1:42949.`,
  ],
  [
    all.kubeletDown,
    'node node-1 of pod web, which is not heard of: until it is back or known to be down, nobody else may write',
  ],
  [all.kubeletDown, 'node node-1 to take up pod web, of which its kubelet has not spoken'],
  [all.kubeletDown, 'no node takes pod web: 0/1 nodes are available'],
  [
    all.snapshotControllerDown,
    `${CUT}nothing has taken it up: see that the snapshot controller runs`,
  ],
  [
    all.snapshotControllerDown,
    `${CUT}the driver is done with it, and nothing has told the VolumeSnapshot: see that the snapshot controller runs`,
  ],
  [
    all.driverDown,
    `${CUT}the driver of VolumeSnapshotClass fast has not cut it: see that its csi-snapshotter runs; CreatingSnapshot: Waiting for a snapshot web-s1 to be created by the CSI driver.`,
  ],
  [
    all.driverDown,
    'volume web: storage class fast has not made it, and nothing says why: see that the provisioner of its driver runs',
  ],
  [
    all.driverDown,
    'pod web to start: FailedMapVolume: MapVolume.SetUpDevice failed for volume "pvc-1" : kubernetes.io/csi: blockMapper.SetUpDevice failed to get CSI client: driver name fast.csi.test not found in the list of registered CSI drivers',
  ],
  [
    all.snapshotError,
    `${CUT}the cluster says: Failed to check and update snapshot content: rpc error: code = ResourceExhausted desc = the pool has no room`,
  ],
  [
    all.readinessDelayed,
    `${CUT}it is cut, and the driver is not done with it, or its csi-snapshotter does not run; SnapshotCreated: Snapshot web-s1 was successfully created by the CSI driver.`,
  ],
  [
    all.volumeRefused,
    'volume web: storage class fast has not made it; ProvisioningFailed: failed to provision volume with StorageClass "fast": rpc error: code = Internal desc = no free extent',
  ],
  [all.quotaHit, 'pods "web" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=0'],
  [
    all.tooManyRequests,
    `${NOT_SERVED}read the log of pod web. Found: 429 TooManyRequests the proxy of the test says so.`,
  ],
  [
    all.internalErrors,
    `${NOT_SERVED}read the log of pod web. Found: 500 InternalError the proxy of the test says so.`,
  ],
  [
    all.noAnswers,
    `${NOT_SERVED}https://127.0.0.1:1, read the log of pod web. Found: ETIMEDOUT no answer within 3000 ms.`,
  ],
  [
    all.cutConnections,
    `${NOT_SERVED}https://127.0.0.1:1, read the log of pod web. Found: ECONNRESET socket hang up.`,
  ],
  [
    all.lostLogs,
    'The mover program ended without a result. Expected: the log of the pod to tell of all 3 windows',
  ],
];
/** What no fault of ours says, and a fault leaves behind or a healthy cluster says. */
const NOBODYS: readonly string[] = [
  `${NOT_SERVED}read the log of pod web. Found: 500 Get "https://10.0.0.1:1/containerLogs/web/mover": dial tcp 10.0.0.1:1: connect: connection refused.`,
  'pod web to start: FailedMount: MountVolume.SetUp failed for volume "order" : secret "web-order-1" not found',
  'the cut of VolumeSnapshot web-s1: it was deleted',
];

const namesOf = (text: string): readonly string[] =>
  FAULTS.filter(({ words }) => words?.test(text) === true).map(({ name }) => name);

it.each(SAID.map(([fault, text]) => [fault.name, text] as const))(
  'of all faults only "%s" is heard in %j',
  (name, text) => {
    expect(namesOf(text)).toEqual([name]);
  },
);

it.each(NOBODYS)('no fault is heard in %j', text => {
  expect(namesOf(text)).toEqual([]);
});

it('every fault that has words is among them', () => {
  const heard = new Set(SAID.map(([{ name }]) => name));
  expect(FAULTS.filter(({ name, words }) => words !== undefined && !heard.has(name))).toEqual([]);
});
