import { EngineError } from '../errors';
import type { Disk } from '../sources/snapshot-tree';

/**
 * The disk that an option means by id or label. Two disks may have had one label at different
 * times (a slot was reused): then only the id says which, and guessing would lose a disk.
 * @throws EngineError NOT_FOUND, USAGE when a label means several disks
 */
export function disksNamed(disks: readonly Disk[], name: string): readonly Disk[] {
  const byId = disks.filter(disk => disk.id === name);
  if (byId.length > 0) return byId;
  const byLabel = disks.filter(disk => disk.label === name);
  if (byLabel.length === 1) return byLabel;
  const list = (byLabel.length > 0 ? byLabel : disks).map(
    disk => `${disk.label} (id ${disk.id}, ${disk.rootFile})`,
  );
  throw new EngineError(byLabel.length > 1 ? 'USAGE' : 'NOT_FOUND', {
    where: { object: `disk '${name}'` },
    expected: byLabel.length > 1 ? 'a label of one disk, or an id' : 'the id or label of a disk',
    hint: `The disks are: ${list.join(', ') || '(none)'}.`,
  });
}
