import type { CarriedDisk } from './carried-disks';
import { ObjectNames, slug, VOLUME_NAME_LENGTH, VOLUME_SNAPSHOT_NAME_LENGTH } from './object-names';
import type { PlannedVolume, PlannedVolumeSnapshot } from './plan';
import type { PlanInput } from './plan-input';

/** Volumes and VolumeSnapshots of all disks, with their names on the target and what becomes of them. */
export function nameObjects(
  { tree, options, source, probes }: PlanInput,
  carried: readonly CarriedDisk[],
): { volumes: readonly PlannedVolume[]; volumeSnapshots: readonly PlannedVolumeSnapshot[] } {
  const names = new ObjectNames();
  const prefix = slug(options.namePrefix ?? tree.vm.name, 'vm', 20);
  const snapshotNames = new Map(
    tree.snapshots.map(({ id, name }) => [id, slug(name, 'snapshot', 18)]),
  );
  const volumes: PlannedVolume[] = [];
  const volumeSnapshots: PlannedVolumeSnapshot[] = [];
  for (const { disk, replay, storage, sizeBytes } of carried) {
    const label = slug(disk.label, 'disk', 12);
    for (const volume of replay.volumes) {
      const words = [prefix, label, volume.role === 'main' ? '' : 'side'];
      volumes.push({
        ...volume,
        name: names.name(words, [source, tree.vm.id, 'volume', volume.id], VOLUME_NAME_LENGTH),
        storageClass: storage?.name ?? '',
        sizeBytes,
        atEnd: volume.role === 'branch' && !staysBehind(probes, storage?.name) ? 'remove' : 'keep',
      });
    }
    for (const cut of replay.volumeSnapshots) {
      const what =
        cut.purpose === 'snapshot' ? snapshotNames.get(cut.snapshotId ?? '') : cut.purpose;
      const identity = [source, tree.vm.id, 'volume-snapshot', cut.id];
      const words = [prefix, label, what ?? ''];
      volumeSnapshots.push({
        ...cut,
        name: names.name(words, identity, VOLUME_SNAPSHOT_NAME_LENGTH),
      });
    }
  }
  return { volumes, volumeSnapshots };
}

/**
 * A branch volume goes when its VolumeSnapshots are proved, but only where they outlive it. While
 * no probe has told, the removal is planned: the step itself checks again.
 */
function staysBehind(probes: PlanInput['probes'], storageClass: string | undefined): boolean {
  return storageClass !== undefined && probes?.[storageClass]?.snapshotsOutliveVolume === false;
}
