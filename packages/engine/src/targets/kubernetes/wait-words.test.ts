/** What a waiting step says, from texts as a real cluster (Kubernetes 1.34, external-provisioner 6, external-snapshotter 8) wrote them. */
import { FakeApiServer } from '../../testing/fake-api-server';
import { CLAIMS, EVENTS, SNAPSHOTS } from '../../testing/fake-storage';
import { apiError } from './cluster/api-errors';
import type { ClusterApi } from './cluster/cluster-api';
import { PERSISTENT_VOLUME_CLAIM, VOLUME_SNAPSHOT, type Pod } from './cluster/resources';
import { podState } from './pods/pod-state';
import { whyNotReady } from './snapshot-readiness';
import { whyNotBound } from './waits';

describe('the reason of a wait', () => {
  let server: FakeApiServer;
  let api: ClusterApi;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    api = server.client();
  });
  afterEach(async () => {
    api.close();
    await server.close();
  });

  let events = 0;
  const told = (uid: string, type: string, reason: string, message: string, source = 'cluster') =>
    server.put(EVENTS, {
      metadata: { name: `event-${++events}` },
      involvedObject: { uid },
      type,
      reason,
      message,
      source: { component: source },
      lastTimestamp: new Date(1_700_000_000_000 + events * 1_000).toISOString(),
    });
  const pendingClaim = async () => {
    const { metadata } = server.put(CLAIMS, {
      metadata: { name: 'web-0' },
      spec: { storageClassName: 'fast' },
    });
    const claim = await api.get(PERSISTENT_VOLUME_CLAIM, 'web-0');
    if (claim === undefined) throw new Error('no claim');
    return { claim, uid: metadata.uid };
  };

  it('of a PVC is ProvisioningFailed, and not the news that follows it, nor our own', async () => {
    const { claim, uid } = await pendingClaim();
    const waiting =
      "Waiting for a volume to be created either by the external provisioner 'fast.csi.test' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    told(uid, 'Normal', 'ExternalProvisioning', waiting);
    expect(await whyNotBound(api, claim)).toContain("the external provisioner 'fast.csi.test'");
    const failed =
      'error getting handle for DataSource Type VolumeSnapshot by Name absent: error getting snapshot absent from api server: volumesnapshots.snapshot.storage.k8s.io "absent" not found';
    told(uid, 'Warning', 'ProvisioningFailed', failed);
    told(uid, 'Normal', 'Provisioning', 'External provisioner is provisioning volume');
    told(uid, 'Warning', 'Waiting', 'To create volume web-0, it waits: ...', 'vm-migrate');
    expect(await whyNotBound(api, claim)).toBe(
      `storage class fast has not made it; ProvisioningFailed: ${failed}`,
    );
  });

  it('of a PVC of which nothing is said names the provisioner', async () => {
    const { claim } = await pendingClaim();
    expect(await whyNotBound(api, claim)).toContain('see that the provisioner of its driver runs');
  });

  it('of a VolumeSnapshot is the error in its status', async () => {
    const message =
      'Failed to get snapshot class with error volumesnapshotclass.snapshot.storage.k8s.io "not-there" not found';
    server.put(SNAPSHOTS, { metadata: { name: 'cut' }, spec: {}, status: { error: { message } } });
    const object = await api.get(VOLUME_SNAPSHOT, 'cut');
    if (object === undefined) throw new Error('no VolumeSnapshot');
    expect(await whyNotReady(api, object, undefined)).toBe(`the cluster says: ${message}`);
  });

  const pod = (status: Pod['status']): Pod => ({ metadata: { name: 'web-0' }, spec: {}, status });

  it('of a pod is its image, or that no node takes it', () => {
    const waiting = {
      reason: 'ErrImagePull',
      message:
        'failed to pull and unpack image "nowhere.test/none:1": failed to resolve reference "nowhere.test/none:1": failed to do request: Head "https://nowhere.test/v2/none/manifests/1": dial tcp: lookup nowhere.test on 10.255.255.53:53: no such host',
    };
    const pulling = podState(
      pod({ phase: 'Pending', containerStatuses: [{ name: 'mover', state: { waiting } }] }),
    );
    expect(pulling).toMatchObject({ state: 'starting', hopeless: false });
    expect(JSON.stringify(pulling)).toContain('cannot get its image: ErrImagePull: failed to pull');
    const message =
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    const scheduled = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
    } as const;
    expect(podState(pod({ phase: 'Pending', conditions: [scheduled] }))).toMatchObject({
      reason: `no node takes pod web-0: ${message}`,
    });
  });

  it('of a refusal is the quota, which may pass, or PodSecurity, which does not', () => {
    const refused = (message: string) =>
      apiError({ status: 403, reason: 'Forbidden', message }, 'create');
    expect(
      refused(
        'persistentvolumeclaims "more" is forbidden: exceeded quota: small, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=2, limited: persistentvolumeclaims=2',
      ),
    ).toMatchObject({ code: 'CLUSTER_REFUSED', retry: 'later' });
    const security = refused(
      'pods "left-pod" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "mover" must set securityContext.allowPrivilegeEscalation=false)',
    );
    expect(security).toMatchObject({ code: 'CLUSTER_REFUSED' });
    expect(security.retry).not.toBe('later');
  });
});
