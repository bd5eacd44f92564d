import { MapCluster } from '../../../testing/map-cluster';
import type { KubeObject, Pod } from '../cluster/resources';
import { wakeScheduler } from './wake-scheduler';

const PVC = 'PersistentVolumeClaim';
/** As kube-scheduler 1.34 says it. */
const UNBOUND =
  '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found';

describe('a scheduler that missed that the volumes of a pod are bound', () => {
  let cluster: MapCluster;
  beforeEach(() => (cluster = new MapCluster()));

  it('is told by a change of a volume that is ours', async () => {
    claim('source', 'Bound', {});
    claim('web-0', 'Bound');
    claim('web-0-tables', 'Bound');
    expect(await wakeScheduler(cluster.api, pod(UNBOUND))).toBe(true);
    expect(cluster.said).toEqual([
      expect.stringMatching(/^annotate web-0 \{"vm-migrate.io\/seen-bound-at":"20[^"]+"\}$/),
    ]);
  });

  it.each([
    ['while a volume is not bound', UNBOUND, 'Pending'],
    ['when no node has room', 'Insufficient cpu', 'Bound'],
    ['when it was scheduled', undefined, 'Bound'],
  ])('is left alone %s', async (_, message, phase) => {
    claim('source', 'Bound', {});
    claim('web-0', 'Bound');
    claim('web-0-tables', phase);
    expect(await wakeScheduler(cluster.api, pod(message))).toBe(false);
    expect(cluster.said).toEqual([]);
  });

  it('is left alone when no volume of the pod is ours: others are not touched', async () => {
    for (const name of ['source', 'web-0', 'web-0-tables']) claim(name, 'Bound', {});
    expect(await wakeScheduler(cluster.api, pod(UNBOUND))).toBe(false);
    expect(cluster.said).toEqual([]);
  });

  function claim(
    name: string,
    phase: string,
    labels: object = { 'app.kubernetes.io/managed-by': 'vm-migrate' },
  ): void {
    cluster.put(PVC, { metadata: { name, labels }, spec: {}, status: { phase } } as KubeObject);
  }
});

function pod(message: string | undefined): Pod {
  const status = message === undefined ? 'True' : 'False';
  return {
    metadata: { name: 'web-0' },
    spec: {
      volumes: ['source', 'web-0', 'web-0-tables'].map(claimName => ({
        name: claimName,
        persistentVolumeClaim: { claimName },
      })),
    },
    status: { conditions: [{ type: 'PodScheduled', status, message }] },
  } as unknown as Pod;
}
