/** Storage classes, a provisioner and a snapshotter for the fake API server, with bytes in memory. */
import type { FakeApiServer, FakeObject } from './fake-api-server';

export const CLAIMS = '/api/v1/namespaces/ns/persistentvolumeclaims';
export const SNAPSHOTS = '/apis/snapshot.storage.k8s.io/v1/namespaces/ns/volumesnapshots';
export const CONTENTS = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents';
export const SNAPSHOT_CLASSES = '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses';
export const CLASSES = '/apis/storage.k8s.io/v1/storageclasses';
export const EVENTS = '/api/v1/namespaces/ns/events';

export class FakeStorage {
  /** By name of the PVC; by uid of the VolumeSnapshot. */
  readonly volumes = new Map<string, Buffer>();
  readonly cuts = new Map<string, Buffer>();
  /** False: PVCs stay Pending, VolumeSnapshots are not cut. */
  provisions = true;
  snapshots = true;

  constructor(private readonly server: FakeApiServer) {
    server.put(CLASSES, {
      metadata: {
        name: 'fast',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      } as never,
      provisioner: 'fast.csi.lab',
    });
    server.put(CLASSES, { metadata: { name: 'nosnap' }, provisioner: 'nosnap.csi.lab' });
    server.put(SNAPSHOT_CLASSES, {
      metadata: { name: 'fast' },
      driver: 'fast.csi.lab',
      deletionPolicy: 'Delete',
    });
    server.onCreate((collection, object) => {
      if (collection === CLAIMS && this.provisions) this.provision(object);
      if (collection === SNAPSHOTS && this.snapshots) this.cut(object);
    });
    server.onDelete((collection, object) => {
      if (collection === CLAIMS) this.volumes.delete(object.metadata.name);
      if (collection === SNAPSHOTS) {
        this.cuts.delete(object.metadata.uid);
        this.server.drop(CONTENTS, `content-${object.metadata.uid}`);
      }
    });
  }

  provision(claim: FakeObject): void {
    const { resources, dataSource } = claim['spec'] as {
      resources: { requests: { storage: string } };
      dataSource?: { name: string };
    };
    const bytes = Buffer.alloc(Number(resources.requests.storage));
    if (dataSource !== undefined) {
      const source = this.server.get(SNAPSHOTS, dataSource.name);
      this.cuts.get(source?.metadata.uid ?? '')?.copy(bytes);
    }
    this.volumes.set(claim.metadata.name, bytes);
    this.server.put(CLAIMS, {
      ...claim,
      status: { phase: 'Bound', capacity: { storage: resources.requests.storage } },
    });
  }

  cut(snapshot: FakeObject, ref: { uid: string } = snapshot.metadata): void {
    const { source } = snapshot['spec'] as { source: { persistentVolumeClaimName: string } };
    const { uid, name } = snapshot.metadata;
    const bytes = this.volumes.get(source.persistentVolumeClaimName) ?? Buffer.alloc(0);
    this.cuts.set(uid, Buffer.from(bytes));
    this.server.put(CONTENTS, {
      metadata: { name: `content-${uid}` },
      spec: {
        driver: 'fast.csi.lab',
        deletionPolicy: 'Delete',
        sourceVolumeMode: 'Block',
        volumeSnapshotRef: { name, namespace: 'ns', uid: ref.uid },
      },
      status: { snapshotHandle: `handle-${uid}`, readyToUse: true, restoreSize: bytes.length },
    });
    this.server.put(SNAPSHOTS, {
      ...snapshot,
      status: {
        readyToUse: true,
        boundVolumeSnapshotContentName: `content-${uid}`,
        creationTime: new Date().toISOString(),
      },
    });
  }
}
