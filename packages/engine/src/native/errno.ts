/** Error numbers as Node names them, and what they mean for a volume. */
import { constants } from 'node:os';

import { EngineError } from '../errors';

/** An error as Node's fs throws it, for a call that Node does not make. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = NAMES.get(errno) ?? `E${errno}`;
  return Object.assign(new Error(`${code}: ${call}`), { code, errno: -errno, syscall: call });
}

export function isSystemError(thrown: unknown, ...codes: readonly string[]): boolean {
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && codes.includes(code);
}

/** The call does not exist here, for this file or for this range: take the plain way. */
export function isUnsupported(thrown: unknown): boolean {
  return isSystemError(
    thrown,
    'ENOTSUP',
    'EOPNOTSUPP',
    'ENOSYS',
    'EINVAL',
    'ENOTTY',
    'EPERM',
    'EXDEV',
  );
}

/** What went wrong on a volume, by its error number: no space is VOLUME_FULL, everything else VOLUME_IO. */
export function volumeError(thrown: unknown, file: string, offsetBytes?: number): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const found = thrown instanceof Error ? thrown.message : String(thrown);
  const where = offsetBytes === undefined ? { file } : { file, offsetBytes };
  if (isSystemError(thrown, 'ENOSPC', 'EDQUOT', 'EFBIG')) {
    return new EngineError('VOLUME_FULL', {
      where,
      found,
      hint: 'Free space on the target or enlarge it, then run `kubectl vm-migrate retry`.',
      cause: thrown,
    });
  }
  if (isSystemError(thrown, 'ENOENT', 'ENOTDIR'))
    return new EngineError('VOLUME_MISSING', { where, found, cause: thrown });
  return new EngineError('VOLUME_IO', {
    where,
    found,
    retry: 'later',
    hint: 'Look at the storage behind the target (`dmesg`, the CSI driver), then run `kubectl vm-migrate retry`.',
    cause: thrown,
  });
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, errno]) => [errno, name]),
);
