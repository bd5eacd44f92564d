/**
 * An API server without a cluster, in a process of its own so that its time is not the engine's:
 * volumes are bound and VolumeSnapshots ready as soon as they are made. Prints its address.
 */
import { FakeApiServer, type FakeObject } from '../../packages/engine/src/testing/fake-api-server';
import {
  CLAIMS,
  CLASSES,
  CONTENTS,
  SNAPSHOT_CLASSES,
  SNAPSHOTS,
} from '../../packages/engine/src/testing/fake-storage';

const DRIVER = 'fast.csi.lab';

export async function serveFakeCluster(): Promise<void> {
  const server = await FakeApiServer.start();
  server.put(CLASSES, {
    metadata: {
      name: 'fast',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    } as never,
    provisioner: DRIVER,
  });
  server.put(SNAPSHOT_CLASSES, {
    metadata: { name: 'fast' },
    driver: DRIVER,
    deletionPolicy: 'Delete',
  });
  server.onCreate((collection, object) => {
    // What was asked is kept by nobody here, or a long run would fill the memory.
    server.requests.splice(0);
    if (collection === CLAIMS) bind(server, object);
    if (collection === SNAPSHOTS) cut(server, object);
  });
  process.stdout.write(`${server.url}\n`);
}

function bind(server: FakeApiServer, claim: FakeObject): void {
  const { resources } = claim['spec'] as { resources: { requests: { storage: string } } };
  server.put(CLAIMS, {
    ...claim,
    status: { phase: 'Bound', capacity: { storage: resources.requests.storage } },
  });
}

function cut(server: FakeApiServer, snapshot: FakeObject): void {
  const { uid, name } = snapshot.metadata;
  const content = `content-${uid}`;
  server.put(CONTENTS, {
    metadata: { name: content },
    spec: {
      driver: DRIVER,
      deletionPolicy: 'Delete',
      sourceVolumeMode: 'Block',
      volumeSnapshotRef: { name, namespace: 'ns', uid },
    },
    status: { snapshotHandle: `handle-${uid}`, readyToUse: true, restoreSize: 0 },
  });
  server.put(SNAPSHOTS, {
    ...snapshot,
    status: {
      readyToUse: true,
      boundVolumeSnapshotContentName: content,
      creationTime: new Date().toISOString(),
    },
  });
}
