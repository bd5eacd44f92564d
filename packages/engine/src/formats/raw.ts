/**
 * A raw image: the disk's bytes and nothing else. Opened only when somebody says that it is one;
 * never as a guess, because any file could be.
 */
import { assertSafeRange, endOf, type ByteRange } from '../bytes';
import { EngineError } from '../errors';
import type { Layer } from './layer';
import type { FileOpener, RandomAccess } from './random-access';
import { flatExtents } from './vmdk/flat';
import { manifestFile } from './vmdk/vmdk-layer';

/** @throws EngineError FILE_OUTSIDE_ROOT, FILE_MISSING, FILE_UNREADABLE */
export async function openRawLayer(
  opener: FileOpener,
  name: string,
  from?: string,
): Promise<Layer> {
  return rawLayer(await opener.open(name, from));
}

/** Takes the file over: closing the layer closes it. */
export function rawLayer(file: RandomAccess): Layer {
  const assertInside = (range: ByteRange): void => {
    assertSafeRange(range, file.name);
    if (endOf(range) <= file.sizeBytes) return;
    throw new EngineError('INTERNAL', {
      where: { file: file.name },
      expected: `a range inside ${file.sizeBytes} bytes`,
      found: `offset ${range.offset}, length ${range.length}`,
    });
  };
  return {
    file: file.name,
    format: 'raw',
    sizeBytes: file.sizeBytes,
    parent: undefined,
    async extents(window) {
      assertInside(window);
      return flatExtents(file, 0, window);
    },
    async read(offset, into) {
      assertInside({ offset, length: into.length });
      await file.read(offset, into);
    },
    async manifest() {
      return {
        descriptorSha256: '',
        cid: '',
        parentCid: 'ffffffff',
        files: [await manifestFile(file, {})],
      };
    },
    close: () => file.close(),
  };
}
