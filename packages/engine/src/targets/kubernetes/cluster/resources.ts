/**
 * The kinds of object that we touch, and the part of their shape that we read or write. Everything
 * optional that a server may leave out; unknown fields are kept by nobody.
 */

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly blockOwnerDeletion?: boolean;
  readonly controller?: boolean;
}

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

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export type VolumeMode = 'Block' | 'Filesystem';
export type AccessMode = 'ReadWriteOnce' | 'ReadWriteMany' | 'ReadOnlyMany' | 'ReadWriteOncePod';

export interface PersistentVolumeClaim extends KubeObject {
  readonly spec: {
    readonly accessModes: readonly AccessMode[];
    readonly storageClassName?: string;
    readonly volumeMode?: VolumeMode;
    readonly volumeName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
    readonly dataSource?: TypedReference;
    readonly dataSourceRef?: TypedReference;
  };
  readonly status?: {
    readonly phase?: 'Pending' | 'Bound' | 'Lost';
    readonly capacity?: { readonly storage?: string };
    readonly conditions?: readonly Condition[];
  };
}

export interface TypedReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export interface PersistentVolume extends KubeObject {
  readonly spec: {
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
    readonly storageClassName?: string;
    readonly volumeMode?: VolumeMode;
    readonly accessModes?: readonly AccessMode[];
    readonly claimRef?: { readonly uid?: string; readonly name?: string };
  };
}

export interface StorageClassObject extends KubeObject {
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly reclaimPolicy?: 'Delete' | 'Retain';
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
}

export interface CsiDriver extends KubeObject {
  readonly spec: {
    readonly attachRequired?: boolean;
    readonly fsGroupPolicy?: string;
    readonly volumeLifecycleModes?: readonly string[];
  };
}

export interface VolumeSnapshotClass extends KubeObject {
  readonly driver: string;
  readonly deletionPolicy: 'Delete' | 'Retain';
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface SnapshotError {
  readonly message?: string;
  readonly time?: string;
}

export interface VolumeSnapshotObject extends KubeObject {
  readonly spec: {
    readonly source: {
      readonly persistentVolumeClaimName?: string;
      readonly volumeSnapshotContentName?: string;
    };
    readonly volumeSnapshotClassName?: string;
  };
  readonly status?: {
    readonly readyToUse?: boolean;
    readonly boundVolumeSnapshotContentName?: string;
    readonly creationTime?: string;
    readonly restoreSize?: string;
    readonly error?: SnapshotError;
  };
}

export interface VolumeSnapshotContent extends KubeObject {
  readonly spec: {
    readonly driver: string;
    readonly deletionPolicy: 'Delete' | 'Retain';
    readonly volumeSnapshotRef: {
      readonly name?: string;
      readonly namespace?: string;
      readonly uid?: string;
    };
    readonly sourceVolumeMode?: VolumeMode;
  };
  readonly status?: {
    readonly snapshotHandle?: string;
    readonly readyToUse?: boolean;
    /** Nanoseconds since 1970. */
    readonly creationTime?: number;
    readonly restoreSize?: number;
    readonly error?: SnapshotError;
  };
}

/** CDI's table of what a storage class can do; an administrator may have changed it in `spec`. */
export interface StorageProfile extends KubeObject {
  readonly status?: {
    readonly claimPropertySets?: readonly {
      readonly accessModes?: readonly AccessMode[];
      readonly volumeMode?: VolumeMode;
    }[];
    readonly provisioner?: string;
  };
}

export interface Pod extends KubeObject {
  /** Written as a whole by pods/, read only here and there. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    readonly reason?: string;
    readonly message?: string;
    readonly startTime?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly imageID?: string;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: {
      readonly exitCode: number;
      readonly signal?: number;
      readonly reason?: string;
      readonly message?: string;
      readonly startedAt?: string;
      readonly finishedAt?: string;
    };
  };
}

export interface Secret extends KubeObject {
  readonly type?: string;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface EventObject extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
}

export interface SelfSubjectAccessReview extends KubeObject {
  readonly spec: {
    readonly resourceAttributes: {
      readonly namespace?: string;
      readonly verb: string;
      readonly group?: string;
      readonly resource: string;
      readonly subresource?: string;
      readonly name?: string;
    };
  };
  readonly status?: { readonly allowed: boolean; readonly reason?: string };
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
