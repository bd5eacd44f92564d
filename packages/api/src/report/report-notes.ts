/** The words of a report that are the same for every migration, or follow from a few of its facts. */
import type { ReportView } from '../views';

/** What a reader might believe and must not. */
export function notClaimed(report: ReportView): string[] {
  const cuts = report.snapshots.flatMap(({ disks }) => disks);
  const kinds = new Set(cuts.map(({ proof }) => proof.kind));
  const notes = [
    'That a guest starts from these disks: their bytes were compared, nothing was booted.',
    'That the files at the source were right: what they held when they were read was carried over. A manifest tells whether a file is still the one that was read.',
  ];
  if (kinds.has('volume')) {
    notes.push(
      'Proof `volume`: the volume was read back before the VolumeSnapshot was taken. The VolumeSnapshot itself was not read.',
    );
  }
  if (kinds.has('sampled')) {
    notes.push('Proof `sampled`: random windows of a restore were compared, not all of it.');
  }
  if (kinds.has('full')) {
    notes.push(
      'Proof `full`: a restore was read whole at the time stated. What the storage did to it since is not known.',
    );
  }
  if (kinds.has(null))
    notes.push('VolumeSnapshots with proof `none` were not compared with anything.');
  if (report.snapshots.some(({ memory }) => memory)) {
    notes.push(
      'Memory images of snapshots were not carried over: their disks are as after a power cut at that moment.',
    );
  }
  if (report.snapshots.some(({ kept }) => !kept)) {
    notes.push('Snapshots that were not kept cannot be restored from the target.');
  }
  if (report.current.some(({ volume }) => volume === null)) {
    notes.push('The current state of at least one disk is not on the target.');
  }
  if (report.migration.state !== 'migrated') {
    notes.push(
      `That the migration is complete: its state was "${report.migration.state}" when this report was made.`,
    );
  }
  return notes;
}

export const HOW_TO_CHECK: readonly string[] = [
  '## How to check a digest without vm-migrate',
  '',
  'The digest of a whole state is `nbdcopy-blkhash-sha256-64k`: the SHA-256 over the SHA-256 of every block of',
  '64 KiB, in order (the last block as long as the state leaves it), followed by the size of the state in bytes as',
  'an unsigned 64-bit little-endian number. Give the VolumeSnapshot, or a volume restored from it, to libnbd',
  '(1.22 or newer):',
  '',
  '```sh',
  'nbdcopy --blkhash=sha256/64k -- [ nbdkit -r --exit-with-parent file IMAGE ] null:',
  '```',
  '',
  'or, with nothing but Python, where SIZE is the size of the state (a volume may be larger; its tail is zero):',
  '',
  '```sh',
  "python3 - IMAGE SIZE <<'EOF'",
  'import hashlib, sys',
  'size = int(sys.argv[2]); left = size; whole = hashlib.sha256()',
  "with open(sys.argv[1], 'rb') as image:",
  '    while left > 0:',
  '        block = image.read(min(65536, left))',
  "        if not block: sys.exit('the image is shorter than SIZE')",
  '        whole.update(hashlib.sha256(block).digest()); left -= len(block)',
  "whole.update(size.to_bytes(8, 'little')); print(whole.hexdigest())",
  'EOF',
  '```',
  '',
  'To compare with the source itself, while its files are still there: `qemu-img compare -f vmdk -F raw LAYER IMAGE`,',
  'where LAYER is the last file in the table of the snapshot, or `qemu-img convert -O raw LAYER state.raw` and the',
  'same digest of `state.raw`. qemu-img reads hosted sparse and flat files, and chains of them.',
];
