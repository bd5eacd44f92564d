/**
 * What is known of single CSI drivers that the API does not tell, each with where it is from. Only
 * what changes a plan: an unknown driver gets the careful answer, and so does a known one where no
 * source says more. Sources are repositories with a file or an issue's number, or pages.
 */

export interface DriverFacts {
  /** A new Block volume reads as zeros, so zero extents of a base need no write. */
  readonly newBlocksReadZero?: boolean;
  /** VolumeSnapshots of one volume. */
  readonly maxSnapshots?: { readonly count: number; readonly why: string };
  /** Capacity is given in steps of this. */
  readonly sizeStepBytes?: number;
  /** The state is fixed when the driver gives a creation time, and readiness only says that copying is done; why we know. */
  readonly cutsBeforeReady?: string;
  /** A restore has exactly the size of what it is restored from. */
  readonly restoresExactSize?: boolean;
  /** Restores of restores before the driver begins to copy. */
  readonly restoresWithoutCopy?: { readonly depth: number; readonly why: string };
  /** Why a VolumeSnapshot of an attached Block volume holds every byte that was flushed before it was asked for. */
  readonly cutsAttached?: string;
  /** A VolumeSnapshot is a full copy of what is allocated. */
  readonly snapshotsCopy?: boolean;
}

export function driverFacts(provisioner: string): DriverFacts {
  return FACTS.find(([pattern]) => pattern.test(provisioner))?.[1] ?? {};
}

/** Drivers whose gate may be creationTime, as they are called. */
export function driversThatCutFirst(): readonly string[] {
  return FACTS.filter(([, facts]) => facts.cutsBeforeReady !== undefined).map(([pattern]) =>
    pattern.source.replaceAll(/[\\^$]/g, ''),
  );
}

const GIB = 1024 ** 3;

/** By provisioner; the first pattern that fits counts. */
export const FACTS: readonly (readonly [RegExp, DriverFacts])[] = [
  [
    /^csi\.vsphere\.vmware\.com$/,
    {
      // No cutsAttached: velero-plugin-for-vsphere (README.md) calls its snapshots of these volumes
      // crash-consistent, which is another client of the same disks; of this driver's own nothing says so.
      newBlocksReadZero: true, // virtual disks read as zeros where nothing was written, thick lazy ones too
      // A restore has the capacity of its VolumeSnapshot, says its book (volume_snapshot.md, limitation 3), and CreateVolume
      // refuses any other (kubernetes-sigs/vsphere-csi-driver, pkg/csi/service/wcp/controller.go, #1889).
      restoresExactSize: true,
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
        'an RBD snapshot is a point in time of the image and exactly crash-consistent; that I/O should be stopped before is for what is not flushed, and it is stopped here (ceph/ceph doc/rbd/rbd-snapshot.rst and #43764; ceph-csi cuts by one: ceph/ceph-csi, its proposal rbd-snap-clone.md)',
      newBlocksReadZero: true, // objects that were never written read as zeros
      maxSnapshots: {
        count: 250,
        why: 'Ceph CSI begins to flatten an RBD image at 250 snapshots (minsnapshotsonimage) and refuses at 450 (maxsnapshotsonimage)',
      },
      sizeStepBytes: 1024 ** 2,
      // A VolumeSnapshot is a clone, and its restore another: 2 each. At 4 (rbdsoftmaxclonedepth) an
      // image is flattened in the background, at 8 (rbdhardmaxclonedepth) a request waits for it.
      restoresWithoutCopy: {
        depth: 1,
        why: 'Ceph CSI flattens an RBD image, which copies it, when clones stand on clones: a VolumeSnapshot and its restore are two, and 4 is where it begins (ceph-csi #1098, #2190)',
      },
    },
  ],
  [
    /^driver\.longhorn\.io$/,
    {
      cutsAttached:
        'the engine holds writes back by a lock while all replicas begin a new file; acknowledged writes are in the old one (longhorn/longhorn #1767)',
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
      cutsBeforeReady:
        'an EBS snapshot is a moment of the volume as soon as EC2 lists it, and pending while it is copied; the driver answers then (aws-ebs-csi-driver #209)',
      cutsAttached:
        'snapshots of attached volumes hold what was written when the command was issued, not what an OS still has in its cache (EC2 API, CreateSnapshot)',
    },
  ],
  [
    /^pd\.csi\.storage\.gke\.io$/,
    {
      newBlocksReadZero: true,
      sizeStepBytes: GIB,
      cutsBeforeReady:
        'the driver answers when a snapshot has left the state CREATING; UPLOADING is only the copy (kubernetes-sigs/gcp-compute-persistent-disk-csi-driver, waitForSnapshotCreation in pkg/gce-cloud-provider/compute/gce-compute.go)',
      cutsAttached:
        'snapshots of attached disks are crash-consistent: only writes on their way from memory to the disk may be missing (cloud.google.com/compute/docs/disks/snapshot-best-practices)',
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
      cutsBeforeReady: 'it clones the file before it answers',
      cutsAttached: 'the cut is a reflink of the file below the device (serving.cluster.test.ts)',
    },
  ],
];
