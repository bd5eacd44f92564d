/** Each storage class: snapshots by the same driver, modes, when it binds, and what was proved of it. */
import { findClassProof } from '../../store/places';
import type { KubernetesClass } from '../../targets/kubernetes/classes';
import type { ClassProof } from '../../targets/prove-class';
import { ok, type DoctorCheck } from '../check';
import { proofWords } from '../proof-words';
import { kubectl, type ClusterCheck, type ClusterContext } from './cluster-check';

export const checkStorageClasses: ClusterCheck = async context => {
  const { classes, name } = context;
  const title = `target ${name}`;
  if (classes.length === 0)
    return [
      {
        name: title,
        state: 'failed',
        found: 'no storage class is there, or none that the option `classes` allows',
        remedy: 'A cluster needs a CSI driver and a StorageClass of it.',
        command: `${kubectl(context)} get storageclass`,
      },
    ];
  const usable = classes.filter(({ described }) => described.snapshots.how !== 'none');
  const defaults = usable.filter(({ described }) => described.isDefault);
  const summary: DoctorCheck =
    usable.length === 0
      ? {
          name: title,
          state: 'failed',
          found: 'no storage class takes snapshots',
          remedy: 'A migration is nothing without them; below stands why each class takes none.',
          command: `${kubectl(context)} get storageclass,volumesnapshotclass`,
        }
      : defaults.length === 1
        ? ok(
            title,
            `${usable.length} of ${classes.length} storage classes take snapshots; ${defaults[0]?.name ?? ''} is used when none is named`,
          )
        : {
            name: title,
            state: 'warning',
            found: `${usable.length} of ${classes.length} storage classes take snapshots, ${defaults.length === 0 ? 'none of them is the default' : `${defaults.length} of them are defaults`}`,
            remedy: 'Name one with --storage-class, or leave one class the default.',
          };
  return [summary, ...(await Promise.all(classes.map(one => checkClass(one, context))))];
};

async function checkClass(
  storageClass: KubernetesClass,
  context: ClusterContext,
): Promise<DoctorCheck> {
  const { name, provisioner, described, modes, bindsAtFirstUse, snapshotClass } = storageClass;
  const title = `class ${context.name}/${name}`;
  const { snapshots } = described;
  if (snapshots.how === 'none' || snapshotClass === undefined)
    return {
      name: title,
      state: 'warning',
      found: `no snapshots: ${snapshots.how === 'none' ? snapshots.reason : 'no VolumeSnapshotClass'}`,
      remedy:
        'VMs are not migrated to this class. A VolumeSnapshotClass must name the driver that is the provisioner of the class; of several, one is the default or is named in the option snapshotClass.',
      command: `${kubectl(context)} get volumesnapshotclass -o custom-columns=NAME:.metadata.name,DRIVER:.driver`,
    };
  const proof =
    context.database === undefined
      ? undefined
      : await findClassProof<ClassProof>(context.database, context.name, name);
  const facts = [
    `driver ${provisioner}`,
    `VolumeSnapshotClass ${snapshotClass.metadata.name ?? ''} of the same driver, deletionPolicy ${snapshotClass.deletionPolicy}`,
    `${modes.accessMode} ${modes.volumeMode}`,
    bindsAtFirstUse ? 'binds at first use, on the node of the first pod' : 'binds at once',
    ...(described.maxSnapshotsPerVolume === undefined
      ? []
      : [`at most ${described.maxSnapshotsPerVolume} VolumeSnapshots of a volume`]),
    ...(described.notes ?? []),
    proofWords(proof),
  ];
  if (snapshotClass.deletionPolicy === 'Retain') return ok(title, facts.join('; '));
  return {
    ...ok(title, facts.join('; ')),
    remedy:
      'With deletionPolicy Retain the storage keeps the history even when its VolumeSnapshots are deleted, for example with their namespace.',
  };
}
