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
  /** Why a VolumeSnapshot of an attached Block volume holds every byte that was flushed before it was asked for. */
  readonly cutsAttached?: string;
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
      cutsAttached:
        'a First Class Disk snapshot of an attached disk is crash-consistent: it is taken by the hypervisor, below the node (VMware docs, "Volume Snapshot and Restore")',
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
      cutsAttached:
        'RBD snapshots are point-in-time of the image; librbd and krbd have sent what was flushed (Ceph docs, "Snapshots": I/O should be stopped, as it is here)',
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
      cutsAttached:
        'the engine holds writes back by a lock while all replicas begin a new file; acknowledged writes are in the old one (longhorn #1767, #3515)',
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
  [
    /^ebs\.csi\.aws\.com$/,
    {
      newBlocksReadZero: true,
      sizeStepBytes: GIB,
      cutsAttached:
        'snapshots of attached volumes hold what was written when the command was issued, not what an OS still has in its cache (EC2 API, CreateSnapshot)',
    },
  ],
  [
    /^pd\.csi\.storage\.gke\.io$/,
    {
      newBlocksReadZero: true,
      sizeStepBytes: GIB,
      cutsAttached:
        'snapshots of attached disks hold what was flushed to the disk (Compute Engine docs, "Best practices for disk snapshots")',
    },
  ],
  [/^disk\.csi\.azure\.com$/, { newBlocksReadZero: true, sizeStepBytes: GIB }],
  [/^cinder\.csi\.openstack\.org$/, { sizeStepBytes: GIB }],
  // The usual test driver: volumes are sparse files, snapshots are `cp` and `tar`.
  [/^hostpath\.csi\.k8s\.io$/, { newBlocksReadZero: true, snapshotsCopy: true }],
  // The driver of our own test cluster: sparse files, reflinks.
  [
    /\.csi\.(lab|test)$/,
    {
      newBlocksReadZero: true,
      cutsAttached: 'the cut is a reflink of the file below the device (serving.cluster.test.ts)',
    },
  ],
];
