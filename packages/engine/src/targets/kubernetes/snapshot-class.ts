/** Which VolumeSnapshotClass goes with a storage class. The cluster itself compares neither name nor driver. */
import type { StorageClassObject, VolumeSnapshotClass } from './cluster/resources';
import { isTrue, nameOf } from './object-names';
import type { KubernetesOptions } from './options';

const SNAPSHOT_DEFAULT = 'snapshot.storage.kubernetes.io/is-default-class';

export type SnapshotChoice =
  { readonly chosen: VolumeSnapshotClass; readonly why: string } | { readonly reason: string };

/**
 * The one named, else the driver's default, else the driver's only one. Nothing is guessed.
 * @param snapshotClasses `undefined`: the cluster serves no VolumeSnapshots of v1
 */
export function chooseSnapshotClass(
  object: StorageClassObject,
  snapshotClasses: readonly VolumeSnapshotClass[] | undefined,
  { snapshotClass }: Pick<KubernetesOptions, 'snapshotClass'>,
): SnapshotChoice {
  const name = nameOf(object);
  const { provisioner } = object;
  if (provisioner === 'kubernetes.io/no-provisioner')
    return {
      reason: 'its volumes are made by hand: there is no driver that could cut or restore them',
    };
  if (provisioner.startsWith('kubernetes.io/'))
    return { reason: `${provisioner} is not a CSI driver, and only those take VolumeSnapshots` };
  if (snapshotClasses === undefined) {
    return {
      reason:
        'the cluster does not serve VolumeSnapshots (snapshot.storage.k8s.io/v1): the CRDs and the snapshot controller of external-snapshotter are not installed',
    };
  }
  const wanted = snapshotClass?.[name];
  if (wanted !== undefined) {
    const found = snapshotClasses.find(one => nameOf(one) === wanted);
    if (found === undefined)
      return { reason: `its configured VolumeSnapshotClass ${wanted} is not in the cluster` };
    if (found.driver !== provisioner) {
      return {
        reason: `its configured VolumeSnapshotClass ${wanted} is of driver ${found.driver}, its volumes are of ${provisioner}`,
      };
    }
    return { chosen: found, why: 'it is configured' };
  }
  const own = snapshotClasses.filter(one => one.driver === provisioner);
  const defaults = own.filter(one => isTrue(one, SNAPSHOT_DEFAULT));
  const [only, another] = defaults.length > 0 ? defaults : own;
  if (only === undefined)
    return { reason: `no VolumeSnapshotClass is of its driver ${provisioner}` };
  if (another === undefined) {
    const why = `it is the ${defaults.length > 0 ? 'default' : 'only one'} of driver ${provisioner}`;
    return { chosen: only, why };
  }
  const names = (defaults.length > 0 ? defaults : own).map(nameOf).join(', ');
  return {
    reason:
      defaults.length > 0
        ? `its driver ${provisioner} has ${defaults.length} default VolumeSnapshotClasses (${names}): name one in snapshotClass`
        : `its driver ${provisioner} has ${own.length} VolumeSnapshotClasses and none is the default (${names}): name one in snapshotClass`,
  };
}

export function snapshotNotes(chosen: VolumeSnapshotClass, why: string): readonly string[] {
  const advice =
    chosen.deletionPolicy === 'Retain'
      ? ''
      : '; with Retain the storage would keep the history even if the VolumeSnapshots were deleted';
  return [
    `VolumeSnapshots are of class ${nameOf(chosen)}: ${why}.`,
    `Its deletionPolicy is ${chosen.deletionPolicy}${advice}.`,
  ];
}
