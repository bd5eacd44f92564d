/** What went wrong with a file, as an error that a person can act on. */
import { EngineError, type ErrorCode } from '../../errors';

/** Runs `work`; whatever Node's file functions throw comes out as an EngineError about `object`. */
export async function aboutFiles<T>(object: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw fileError(thrown, object);
  }
}

export function fileError(thrown: unknown, object: string): unknown {
  if (thrown instanceof EngineError || !isErrno(thrown)) return thrown;
  const { code, hint, retry } = MEANINGS[thrown.code] ?? {
    code: 'VOLUME_IO' as const,
    retry: 'later' as const,
  };
  return new EngineError(code, {
    where: { object, ...(thrown.path === undefined ? {} : { file: thrown.path }) },
    found: thrown.message,
    hint,
    retry,
    cause: thrown,
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly retry: 'later' | 'never';
}

const FULL: Meaning = {
  code: 'VOLUME_FULL',
  hint: 'Free some space in the folder of the storage class, or choose another class; then retry.',
  retry: 'never',
};
const REFUSED: Meaning = {
  code: 'VOLUME_IO',
  hint: 'Every worker that shares this folder must run as a user who may write to it.',
  retry: 'never',
};

const MEANINGS: Readonly<Record<string, Meaning | undefined>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: {
    code: 'VOLUME_IO',
    hint: 'The file system of this storage class cannot hold files of that size.',
    retry: 'never',
  },
  ENOENT: { code: 'VOLUME_MISSING', retry: 'never' },
  EACCES: REFUSED,
  EPERM: REFUSED,
  EROFS: REFUSED,
};

/** By its fields: an error of Node's may come from another realm, where `instanceof Error` does not hold. */
function isErrno(thrown: unknown): thrown is NodeJS.ErrnoException & { code: string } {
  return typeof (thrown as NodeJS.ErrnoException | null | undefined)?.code === 'string';
}

export function isMissing(thrown: unknown): boolean {
  return isErrno(thrown) && thrown.code === 'ENOENT';
}
