import { TIB } from '../bytes';
import type { Extent, Layer } from '../formats/layer';
import { measureOwnBytes } from './measure-own-bytes';

/** A disk that states one data and one zero extent at the start of every TiB. */
function sparseLayer(sizeBytes: number, seen: number[]): Layer {
  return {
    file: 'huge.vmdk',
    format: 'se-sparse',
    sizeBytes,
    parent: undefined,
    async extents({ offset, length }): Promise<Extent[]> {
      seen.push(length);
      if (offset % TIB !== 0) return [{ offset, length, kind: 'inherited' }];
      return [
        { offset, length: 4096, kind: 'data' },
        { offset: offset + 4096, length: 8192, kind: 'zero' },
        { offset: offset + 12_288, length: length - 12_288, kind: 'inherited' },
      ];
    },
    read: async () => undefined,
    manifest: async () => ({ descriptorSha256: '', cid: '', parentCid: 'ffffffff', files: [] }),
    close: async () => undefined,
  };
}

describe('measureOwnBytes', () => {
  it('covers the whole of a huge disk once, in windows of bounded size', async () => {
    const seen: number[] = [];
    const sizeBytes = 3 * TIB + 512 * 100;
    expect(await measureOwnBytes(sparseLayer(sizeBytes, seen))).toEqual({
      data: 4 * 4096,
      zero: 4 * 8192,
    });
    expect(seen.reduce((sum, length) => sum + length, 0)).toBe(sizeBytes);
    expect(Math.max(...seen)).toBeLessThanOrEqual(128 * 1024 * 1024);
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const layer = sparseLayer(TIB, seen);
    const stopping: Layer = {
      ...layer,
      extents: async window =>
        seen.length === 3 ? (abort.abort(new Error('enough')), []) : await layer.extents(window),
    };
    await expect(measureOwnBytes(stopping, abort.signal)).rejects.toThrow('enough');
    expect(seen).toHaveLength(3);
  });
});
