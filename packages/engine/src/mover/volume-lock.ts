/**
 * One writer per volume, enforced where the write happens: an OS lock that lives exactly as long as
 * the mover, and under it the mark that says what is on the volume.
 */
import { readFileSync, openSync, constants } from 'node:fs';

import { EngineError } from '../errors';
import { volumeError } from '../native/errno';
import { posix } from '../native/posix';
import { differingFields, markOf } from '../native/volume-mark';
import type { VolumeAddress, VolumeMark } from './mover';

/**
 * Takes the lock for the rest of this process; there is no way to give it back but to end.
 * @throws EngineError VOLUME_BUSY when somebody else has it, VOLUME_MISSING, VOLUME_IO
 */
export function lockVolume(volume: VolumeAddress, use: 'write' | 'read'): void {
  const file = volume.lockPath ?? volume.path;
  const calls = posix();
  if (calls === undefined) {
    // In a pod the API server lets only one writer be. On a shared machine nothing else would.
    if (volume.kind === 'block' || use === 'read') return;
    throw new EngineError('VOLUME_IO', {
      where: { file },
      expected: 'the native library koffi, which takes the lock of the volume',
      found: `none for ${process.platform} ${process.arch}`,
      hint: 'Install the package koffi beside the mover, or use a target that does not need a lock.',
    });
  }
  let held: boolean;
  try {
    // Never created here: a lock file that is gone means that the volume is gone.
    const fd = openSync(file, constants.O_RDONLY);
    held = use === 'write' ? calls.flockExclusive(fd) : calls.flockShared(fd);
  } catch (error) {
    throw volumeError(error, file);
  }
  if (held) return;
  throw new EngineError('VOLUME_BUSY', {
    where: { file },
    expected: 'no other writer',
    found: 'a process that holds the lock',
    hint: 'Another mover is at work on this volume or has not ended yet. It is tried again by itself.',
    retry: 'later',
  });
}

/** @throws EngineError VOLUME_UNEXPECTED when the mark on the volume is not the expected one. Call it under the lock. */
export function checkMark(markPath: string, expected: VolumeMark): void {
  const found = readMark(markPath);
  const differing = differingFields(found, expected);
  if (differing.length === 0) return;
  const words = (mark: VolumeMark) =>
    differing.map(field => `${field} ${JSON.stringify(mark[field] ?? null)}`).join(', ');
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { file: markPath },
    expected: words(expected),
    found: words(found),
    hint: 'Somebody else changed the volume. It is not written; a new one is restored from the parent.',
  });
}

function readMark(file: string): VolumeMark {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw volumeError(error, file);
  }
  const mark = markOf(parsed(text));
  if (mark !== undefined) return mark;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { file },
    expected: 'a volume mark',
    found: 'something else',
  });
}

/** Whatever is no JSON is no mark. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
