/** The kinds of object that we touch, and where the API server has them. Their shapes are in shapes.ts. */
import type {
  CsiDriver,
  EventObject,
  KubeObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  SelfSubjectAccessReview,
  StorageClassObject,
  StorageProfile,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
  VolumeSnapshotObject,
} from './shapes';

export type * from './shapes';

/** Where the API server has objects of a type. */
export interface ResourceKind<T extends KubeObject> {
  /** `v1`, `storage.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only to carry the type; never set. */
  readonly example?: T;
}

const core = { apiVersion: 'v1' } as const;
const snapshots = { apiVersion: 'snapshot.storage.k8s.io/v1' } as const;
const storage = { apiVersion: 'storage.k8s.io/v1' } as const;

export const PERSISTENT_VOLUME_CLAIM: ResourceKind<PersistentVolumeClaim> = {
  ...core,
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
};
export const PERSISTENT_VOLUME: ResourceKind<PersistentVolume> = {
  ...core,
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
};
export const POD: ResourceKind<Pod> = { ...core, kind: 'Pod', plural: 'pods', namespaced: true };
export const SECRET: ResourceKind<Secret> = {
  ...core,
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};
export const EVENT: ResourceKind<EventObject> = {
  ...core,
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
export const NAMESPACE: ResourceKind<KubeObject> = {
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
export const STORAGE_CLASS: ResourceKind<StorageClassObject> = {
  ...storage,
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
};
export const CSI_DRIVER: ResourceKind<CsiDriver> = {
  ...storage,
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
};
export const VOLUME_SNAPSHOT: ResourceKind<VolumeSnapshotObject> = {
  ...snapshots,
  kind: 'VolumeSnapshot',
  plural: 'volumesnapshots',
  namespaced: true,
};
export const VOLUME_SNAPSHOT_CONTENT: ResourceKind<VolumeSnapshotContent> = {
  ...snapshots,
  kind: 'VolumeSnapshotContent',
  plural: 'volumesnapshotcontents',
  namespaced: false,
};
export const VOLUME_SNAPSHOT_CLASS: ResourceKind<VolumeSnapshotClass> = {
  ...snapshots,
  kind: 'VolumeSnapshotClass',
  plural: 'volumesnapshotclasses',
  namespaced: false,
};
export const STORAGE_PROFILE: ResourceKind<StorageProfile> = {
  apiVersion: 'cdi.kubevirt.io/v1beta1',
  kind: 'StorageProfile',
  plural: 'storageprofiles',
  namespaced: false,
};
export const SELF_SUBJECT_ACCESS_REVIEW: ResourceKind<SelfSubjectAccessReview> = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};

/** Path below the server: of one object, or of all of a kind. */
export function resourcePath(
  kind: ResourceKind<KubeObject>,
  namespace: string,
  name?: string,
  subresource?: string,
): string {
  const root = kind.apiVersion.includes('/')
    ? `/apis/${kind.apiVersion}`
    : `/api/${kind.apiVersion}`;
  const within = kind.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const own = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${within}/${kind.plural}${own}${subresource === undefined ? '' : `/${subresource}`}`;
}
