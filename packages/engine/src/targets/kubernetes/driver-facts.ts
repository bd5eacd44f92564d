/**
 * What is known of single CSI drivers that the API does not tell, each with where it is from. Only
 * what changes a plan: an unknown driver gets the careful answer.
 */

export interface DriverFacts {
  /** A new Block volume reads as zeros, so zero extents of a base need no write. */
  readonly newBlocksReadZero?: boolean;
  /** VolumeSnapshots of one volume. */
  readonly maxSnapshots?: { readonly count: number; readonly why: string };
  /** Capacity is given in steps of this. */
  readonly sizeStepBytes?: number;
  /** A VolumeSnapshot is a full copy of what is allocated. */
  readonly snapshotsCopy?: boolean;
}

export function driverFacts(provisioner: string): DriverFacts {
  return FACTS.find(([pattern]) => pattern.test(provisioner))?.[1] ?? {};
}

const GIB = 1024 ** 3;

/** By provisioner; the first pattern that fits counts. */
export const FACTS: readonly (readonly [RegExp, DriverFacts])[] = [
  [
    /^csi\.vsphere\.vmware\.com$/,
    {
      newBlocksReadZero: true, // virtual disks read as zeros where nothing was written, thick lazy ones too
      maxSnapshots: {
        count: 3,
        why: 'vSphere CSI: global-max-snapshots-per-block-volume is 3 by default and 32 at most; set maxSnapshots where it was raised (vsphere-csi-driver #1224)',
      },
    },
  ],
  [
    /(^|\.)rbd\.csi\.ceph\.com$/,
    {
      newBlocksReadZero: true, // objects that were never written read as zeros
      maxSnapshots: {
        count: 250,
        why: 'Ceph CSI begins to flatten an RBD image at 250 snapshots (minsnapshotsonimage) and refuses at 450 (maxsnapshotsonimage)',
      },
      sizeStepBytes: 1024 ** 2,
    },
  ],
  [
    /^driver\.longhorn\.io$/,
    {
      newBlocksReadZero: true, // replicas are sparse files
      maxSnapshots: {
        count: 250,
        why: 'Longhorn keeps at most 250 snapshots of a volume (setting snapshot-max-count)',
      },
    },
  ],
  [
    /^spectrumscale\.csi\.ibm\.com$/,
    {
      maxSnapshots: {
        count: 256,
        why: 'IBM Storage Scale keeps at most 256 snapshots of a fileset (ibm-spectrum-scale-csi #252)',
      },
    },
  ],
  // Cloud disks: new ones read as zeros, capacity is in whole GiB.
  [/^ebs\.csi\.aws\.com$/, { newBlocksReadZero: true, sizeStepBytes: GIB }],
  [/^pd\.csi\.storage\.gke\.io$/, { newBlocksReadZero: true, sizeStepBytes: GIB }],
  [/^disk\.csi\.azure\.com$/, { newBlocksReadZero: true, sizeStepBytes: GIB }],
  [/^cinder\.csi\.openstack\.org$/, { sizeStepBytes: GIB }],
  // The usual test driver: volumes are sparse files, snapshots are `cp` and `tar`.
  [/^hostpath\.csi\.k8s\.io$/, { newBlocksReadZero: true, snapshotsCopy: true }],
  // The driver of our own test cluster: sparse files, reflinks.
  [/\.csi\.(lab|test)$/, { newBlocksReadZero: true }],
];
