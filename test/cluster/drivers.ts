/** The storage of a cluster: one CSI driver program, run once for each behaviour that tests need. */
import path from 'node:path';

import type { Instance } from './instance';

export type DriverName = 'fast' | 'nosnap' | 'mortal';

export interface Driver {
  readonly name: DriverName;
  readonly takesSnapshots: boolean;
  readonly flags: readonly string[];
}

export const drivers: readonly Driver[] = [
  { name: 'fast', takesSnapshots: true, flags: [] },
  { name: 'nosnap', takesSnapshots: false, flags: ['-snapshots=false'] },
  // Deleting a volume deletes its snapshots, as some storage does; the cluster is not told.
  { name: 'mortal', takesSnapshots: true, flags: ['-snapshots-die-with-volume'] },
];

/** Its name in CSIDriver, StorageClass and VolumeSnapshotClass. */
export const provisionerOf = (driver: DriverName) => `${driver}.csi.test`;

export const driverState = (instance: Instance, driver: DriverName) =>
  path.join(instance.folder, 'disk', 'volumes', driver);

export const driverSocket = (instance: Instance, driver: DriverName) =>
  path.join(instance.folder, 'csi', `${driver}.sock`);

/** What a driver does wrong while the file is there; see go/csi/driver/faults.go. */
export interface Faults {
  /** Method of the CSI specification to the message it fails with. */
  readonly errors?: Readonly<Record<string, string>>;
  /** Method of the CSI specification to how long each call is held first. */
  readonly delayMs?: Readonly<Record<string, number>>;
  /** A snapshot says "not ready" that long after it was cut. */
  readonly snapshotReadyDelayMs?: number;
}

export const faultsFile = (instance: Instance, driver: DriverName) =>
  path.join(driverState(instance, driver), 'faults.json');
