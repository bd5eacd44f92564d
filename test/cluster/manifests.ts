/** Classes of the cluster, as one list for kubectl apply. */
import { drivers, provisionerOf, type DriverName } from './drivers';

const DEFAULT_CLASS = { 'storageclass.kubernetes.io/is-default-class': 'true' };
const DEFAULT_SNAPSHOT_CLASS = { 'snapshot.storage.kubernetes.io/is-default-class': 'true' };

type Binding = 'Immediate' | 'WaitForFirstConsumer';
type Annotations = Readonly<Record<string, string>>;

export const classes = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    ...drivers.map(({ name }) => csiDriver(name)),
    storageClass('fast', provisionerOf('fast'), 'Immediate', DEFAULT_CLASS),
    storageClass('fast-wffc', provisionerOf('fast'), 'WaitForFirstConsumer'),
    storageClass('nosnap', provisionerOf('nosnap'), 'Immediate'),
    storageClass('mortal', provisionerOf('mortal'), 'Immediate'),
    storageClass('local-static', 'kubernetes.io/no-provisioner', 'WaitForFirstConsumer'),
    snapshotClass('fast', 'fast', 'Delete', DEFAULT_SNAPSHOT_CLASS),
    snapshotClass('fast-retain', 'fast', 'Retain'),
    snapshotClass('mortal', 'mortal', 'Delete', DEFAULT_SNAPSHOT_CLASS),
  ],
};

function csiDriver(driver: DriverName) {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: provisionerOf(driver) },
    spec: {
      attachRequired: false,
      podInfoOnMount: false,
      fsGroupPolicy: 'File',
      volumeLifecycleModes: ['Persistent'],
    },
  };
}

function storageClass(
  name: string,
  provisioner: string,
  volumeBindingMode: Binding,
  annotations: Annotations = {},
) {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations },
    provisioner,
    volumeBindingMode,
    reclaimPolicy: 'Delete',
  };
}

function snapshotClass(
  name: string,
  driver: DriverName,
  deletionPolicy: 'Delete' | 'Retain',
  annotations: Annotations = {},
) {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name, annotations },
    driver: provisionerOf(driver),
    deletionPolicy,
  };
}
