/**
 * FLAT and VMFS extents: the guest's bytes as they are, at an offset of a file. ZERO extents: no
 * file at all. What the file system has not stored (a hole) reads as zeros, so it is reported as
 * zero and never read.
 */
import { assertSafeRange, type ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import { ExtentList, type ExtentFile } from '../extent-file';
import type { Extent } from '../layer';
import type { RandomAccess } from '../random-access';

/**
 * Takes the file over: closing the extent closes it. `stretch` is where the extent lies in the file.
 * @throws EngineError LAYER_DAMAGED when the file is shorter: what is missing must not read as zeros
 */
export function openFlat(file: RandomAccess, stretch: ByteRange): ExtentFile {
  assertSafeRange(stretch, file.name);
  if (stretch.offset + stretch.length > file.sizeBytes) {
    throw new EngineError('LAYER_DAMAGED', {
      where: { file: file.name, offsetBytes: file.sizeBytes },
      expected: `at least ${stretch.offset + stretch.length} bytes, as the descriptor says`,
      found: `a file of ${file.sizeBytes} bytes`,
      hint: 'The file is cut short. Copy it again, or leave its snapshots out of the plan.',
    });
  }
  return {
    file,
    sizeBytes: stretch.length,
    extents: window => flatExtents(file, stretch.offset, window),
    read: (offset, into) => file.read(stretch.offset + offset, into),
    counters: () => Promise.resolve({}),
    close: () => file.close(),
  };
}

export function openZero(sizeBytes: number): ExtentFile {
  return {
    file: undefined,
    sizeBytes,
    extents: window =>
      Promise.resolve(
        window.length === 0 ? [] : [{ offset: window.offset, length: window.length, kind: 'zero' }],
      ),
    read: offset =>
      Promise.reject(
        new EngineError('INTERNAL', {
          where: { object: 'ZERO extent' },
          expected: 'a read inside data extents',
          found: `offset ${offset}`,
        }),
      ),
    counters: () => Promise.resolve({}),
    close: () => Promise.resolve(),
  };
}

/** Holes as zero, the rest as data; all data where nobody can tell. */
export async function flatExtents(
  file: RandomAccess,
  shift: number,
  window: ByteRange,
): Promise<readonly Extent[]> {
  const list = new ExtentList();
  if (file.allocated === undefined) list.add('data', window.offset, window.length);
  else {
    for (const run of await file.allocated(window.offset + shift, window.length)) {
      list.add(run.kind === 'hole' ? 'zero' : 'data', run.offset - shift, run.length);
    }
  }
  return list.toArray();
}
