/** Small file systems of their own for tests: one that is soon full, one with reflinks. Linux and root only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { MIB } from '../bytes';

export interface ScratchMount {
  readonly folder: string;
  unmount(): void;
}

/** Why it cannot be, in words for a skipped test. */
export interface NoMount {
  readonly reason: string;
}

/** Memory with a limit: ENOSPC after `sizeBytes`. */
export function mountTmpfs(sizeBytes: number): ScratchMount | NoMount {
  return mounted(folder => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder], {
      stdio: 'pipe',
    });
  });
}

/** XFS with reflinks on a sparse loop file. */
export function mountXfs(): ScratchMount | NoMount {
  return mounted((folder, image) => {
    writeFileSync(image, '');
    truncateSync(image, 400 * MIB);
    execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', image, folder], { stdio: 'pipe' });
  });
}

export function isMounted(mount: ScratchMount | NoMount): mount is ScratchMount {
  return 'folder' in mount;
}

/** A test on such a file system, which goes after the test file; skipped with the reason where there is none. */
export function itOnMount(
  what: string,
  mount: ScratchMount | NoMount,
  name: string,
  test: (folder: string) => Promise<void>,
  timeoutMs = 30_000,
): void {
  if (!isMounted(mount)) {
    it.skip(`${name} (${what}: ${mount.reason})`, () => undefined);
    return;
  }
  afterAll(() => mount.unmount());
  it(`${name} (${what})`, () => test(mount.folder), timeoutMs);
}

function mounted(mount: (folder: string, image: string) => void): ScratchMount | NoMount {
  if (process.platform !== 'linux')
    return { reason: '[platform: such file systems are mounted on Linux only]' };
  if (process.getuid?.() !== 0) return { reason: 'needs root to mount' };
  const base = mkdtempSync(path.join(tmpdir(), 'vmm-mount-'));
  const folder = mkdtempSync(path.join(base, 'fs-'));
  try {
    mount(folder, path.join(base, 'image'));
  } catch (error) {
    rmSync(base, { recursive: true, force: true });
    return {
      reason: `cannot mount: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`,
    };
  }
  return {
    folder,
    unmount() {
      execFileSync('umount', [folder], { stdio: 'pipe' });
      rmSync(base, { recursive: true, force: true });
    },
  };
}
