import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { pretendReflinks } from '../../testing/dying-disk-files';
import { localDirectoryHarness } from '../../testing/local-directory-harness';
import { isMounted, mountXfs } from '../../testing/scratch-mount';
import { describeTarget } from '../../testing/target-suite';
import { diskFiles } from './disk-files';

// Where a sync costs nothing: the crash tests make thousands.
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

describeTarget('local-directory with copies, in memory', () =>
  localDirectoryHarness({ parent: memory, snapshots: 'copy', crashes: 'include' }),
);

describeTarget('local-directory with pretended reflinks, in memory', () =>
  localDirectoryHarness({
    parent: memory,
    snapshots: 'reflink',
    crashes: 'include',
    files: pretendReflinks(diskFiles),
  }),
);

describeTarget('local-directory as it chooses, on the disk of this machine', () =>
  localDirectoryHarness({ parent: tmpdir(), snapshots: 'auto', crashes: 'leave-out' }),
);

const xfs = mountXfs();
if (isMounted(xfs)) {
  afterAll(() => xfs.unmount());
  describeTarget('local-directory with reflinks, on XFS', () =>
    localDirectoryHarness({ parent: xfs.folder, snapshots: 'reflink', crashes: 'leave-out' }),
  );
} else {
  it.skip(`local-directory with reflinks, on XFS: ${xfs.reason}`, () => undefined);
}
