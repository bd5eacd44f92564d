/**
 * Counts what a reader asks memory for: every typed array, ArrayBuffer and Buffer that is made by
 * its length. A number from a file that reaches an allocation unchecked shows here, even where
 * Linux would hand out the pages without a word.
 */
export const LIMIT_BYTES = 64 * 1024 * 1024;

export interface AllocationGuard {
  /** Forgets what was counted. */
  reset(): void;
  /** The largest single allocation since reset(). */
  largestBytes(): number;
}

type Constructor = new (...args: unknown[]) => { readonly byteLength: number };

const NAMES = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'Uint8Array',
  'Uint16Array',
  'Uint32Array',
  'Int32Array',
  'Float64Array',
  'BigUint64Array',
] as const;
const WIDTH: Readonly<Record<string, number>> = {
  Uint16Array: 2,
  Uint32Array: 4,
  Int32Array: 4,
  Float64Array: 8,
  BigUint64Array: 8,
};

/** Replaces the constructors of this thread for good. Too large an allocation throws before it is made. */
export function guardAllocations(): AllocationGuard {
  let largest = 0;
  const count = (bytes: number): void => {
    if (bytes > largest) largest = bytes;
    if (bytes > LIMIT_BYTES) throw new AllocationTooLarge(bytes);
  };
  const globals = globalThis as unknown as Record<string, Constructor>;
  for (const name of NAMES) {
    const width = WIDTH[name] ?? 1;
    globals[name] = new Proxy(globals[name] as Constructor, {
      construct(target, args: unknown[], newTarget): object {
        if (typeof args[0] === 'number') count(args[0] * width);
        return Reflect.construct(
          target,
          args,
          newTarget === globals[name] ? target : newTarget,
        ) as object;
      },
    });
  }
  for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const) {
    const original = Buffer[name].bind(Buffer) as (size: number, ...rest: unknown[]) => Buffer;
    Object.assign(Buffer, {
      [name]: (size: number, ...rest: unknown[]): Buffer => {
        count(size);
        return original(size, ...rest);
      },
    });
  }
  return {
    reset: () => {
      largest = 0;
    },
    largestBytes: () => largest,
  };
}

export class AllocationTooLarge extends Error {
  constructor(bytes: number) {
    super(`${bytes} bytes asked for at once, more than ${LIMIT_BYTES}`);
  }
}
