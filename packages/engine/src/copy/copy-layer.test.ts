import fc from 'fast-check';

import { KIB, MIB } from '../bytes';
import type { Extent } from '../formats/layer';
import { extentsOf, MemoryLayer } from '../testing/memory-layer';
import { seededBytes } from '../testing/seeded-bytes';
import { copyLayer, windowDigest, type CopiedWindow, type CopyOptions } from './copy-layer';
import { MemoryVolume } from './memory-volume';
import { recording, type VolumeCall } from './wrappers/record';
import { sha256 } from './blocks';

const UNIT = 64 * KIB;

function options(sizeBytes: number, change: Partial<CopyOptions> = {}): CopyOptions {
  return {
    windowBytes: 4 * UNIT,
    content: 'parent',
    chunkBytes: 4 * UNIT,
    hashing: 'pieces',
    spans: [{ offset: 0, length: sizeBytes }],
    isDone: () => false,
    mayStart: () => true,
    ...change,
  };
}

async function copy(
  layer: MemoryLayer,
  volume: MemoryVolume,
  change: Partial<CopyOptions> = {},
): Promise<{ windows: CopiedWindow[]; calls: string[] }> {
  const calls: VolumeCall[] = [];
  const windows: CopiedWindow[] = [];
  for await (const window of copyLayer(
    layer,
    recording(volume, calls),
    options(layer.sizeBytes, change),
  ))
    windows.push(window);
  return {
    windows,
    calls: calls.map(call =>
      call.call === 'flush' ? 'flush' : `${call.call} ${call.offset / UNIT}+${call.length / UNIT}`,
    ),
  };
}

function layerOf(words: string, unitBytes = UNIT, content?: Uint8Array): MemoryLayer {
  const extents = extentsOf(words, unitBytes);
  const size = extents.reduce((sum, extent) => sum + extent.length, 0);
  return new MemoryLayer(size, extents, content ?? seededBytes(size, 7));
}

describe('copy loop', () => {
  it('writes data, zeroes zeros, leaves inherited alone, window by window', async () => {
    const layer = layerOf('d2 i1 z2 d3 i4');
    const { windows, calls } = await copy(layer, new MemoryVolume(layer.sizeBytes));
    expect(calls).toEqual(['write 0+2', 'zero 3+1', 'zero 4+1', 'write 5+3']);
    expect(
      windows.map(({ index, dataBytes, zeroBytes, writtenBytes }) => [
        index,
        dataBytes / UNIT,
        zeroBytes / UNIT,
        writtenBytes / UNIT,
      ]),
    ).toEqual([
      [0, 2, 1, 2],
      [1, 3, 1, 3],
    ]);
  });

  it('neither writes zeros to a volume of zeros nor reports a window without data', async () => {
    const layer = layerOf('z4 d1 z3 z4');
    const { windows, calls } = await copy(layer, new MemoryVolume(layer.sizeBytes), {
      content: 'zeros',
    });
    expect(calls).toEqual(['write 4+1']);
    expect(windows.map(window => [window.index, window.zeroBytes / UNIT])).toEqual([[1, 3]]);
  });

  it('joins runs that touch into one read and one write, cut at the chunk', async () => {
    const layer = layerOf('d1 d1 d2 i4');
    const whole = await copy(layer, new MemoryVolume(layer.sizeBytes));
    expect(whole.calls).toEqual(['write 0+4']);
    expect(layer.reads).toEqual([{ offset: 0, length: 4 * UNIT }]);
    const halves = await copy(layer, new MemoryVolume(layer.sizeBytes), { chunkBytes: 2 * UNIT });
    expect(halves.calls).toEqual(['write 0+2', 'write 2+2']);
  });

  it('finds whole blocks of zeros in data: skipped on zeros, zeroed on a parent', async () => {
    const content = Buffer.from(seededBytes(8 * UNIT, 1));
    content.fill(0, UNIT, 3 * UNIT);
    const onZeros = await copy(layerOf('d8', UNIT, content), new MemoryVolume(8 * UNIT), {
      content: 'zeros',
    });
    expect(onZeros.calls).toEqual(['write 0+1', 'write 3+1', 'write 4+4']);
    const onParent = await copy(layerOf('d8', UNIT, content), new MemoryVolume(8 * UNIT));
    expect(onParent.calls).toEqual(['write 0+1', 'zero 1+2', 'write 3+1', 'write 4+4']);
  });

  it('passes over windows that are done, without a read', async () => {
    const layer = layerOf('d12');
    const { windows } = await copy(layer, new MemoryVolume(layer.sizeBytes), {
      isDone: index => index === 1,
    });
    expect(windows.map(window => window.index)).toEqual([0, 2]);
    expect(layer.reads.map(read => read.offset / UNIT)).toEqual([0, 8]);
  });

  it('stops before the window that may not start', async () => {
    const layer = layerOf('d12');
    const { windows } = await copy(layer, new MemoryVolume(layer.sizeBytes), {
      mayStart: index => index < 2,
    });
    expect(windows.map(window => window.index)).toEqual([0, 1]);
  });

  it('hashes pieces on the 64 KiB grid: the window digest is the hash of their hashes', async () => {
    const layer = layerOf('i1 d3 z2 i2', 24 * KIB);
    const { windows } = await copy(layer, new MemoryVolume(layer.sizeBytes), {
      windowBytes: 4 * UNIT,
    });
    const content = Buffer.from(seededBytes(layer.sizeBytes, 7));
    // Data 24..96 KiB is cut at 64 KiB; zeros 96..144 KiB at 128 KiB.
    const plain = [
      content.subarray(24 * KIB, 64 * KIB),
      content.subarray(64 * KIB, 96 * KIB),
      Buffer.alloc(32 * KIB),
      Buffer.alloc(16 * KIB),
    ];
    expect(windows.map(window => windowDigest(window.pieceDigests))).toEqual([
      sha256(Buffer.concat(plain.map(sha256))).toString('hex'),
    ]);
  });

  it('any layer on any parent equals a naive model, with any window and chunk', async () => {
    const unit = 4 * KIB;
    const run = fc.record({
      kind: fc.constantFrom<Extent['kind']>('data', 'zero', 'inherited'),
      units: fc.integer({ min: 1, max: 60 }),
      hollow: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(1, 2, 16),
        fc.constantFrom(1, 4),
        fc.boolean(),
        async (runs, window, chunk, fresh) => {
          let offset = 0;
          const extents = runs
            .map(({ kind, units }) => ({
              kind: fresh && kind === 'inherited' ? ('zero' as const) : kind,
              length: units * unit,
            }))
            .map(extent => {
              const placed = { ...extent, offset };
              offset += extent.length;
              return placed;
            });
          const content = Buffer.from(seededBytes(offset, 5));
          runs.forEach(({ hollow }, nth) => {
            const extent = extents[nth];
            if (hollow && extent !== undefined)
              content.fill(0, extent.offset, extent.offset + extent.length);
          });
          const parent = fresh ? Buffer.alloc(offset) : Buffer.from(seededBytes(offset, 6));
          const expected = Buffer.from(parent);
          for (const extent of extents) {
            if (extent.kind === 'data')
              content.copy(expected, extent.offset, extent.offset, extent.offset + extent.length);
            if (extent.kind === 'zero')
              expected.fill(0, extent.offset, extent.offset + extent.length);
          }
          const volume = new MemoryVolume(offset);
          volume.bytes.set(parent);
          const spans = Array.from({ length: Math.ceil(offset / (window * UNIT)) }, (_, nth) => ({
            offset: nth * window * UNIT,
            length: Math.min(window * UNIT, offset - nth * window * UNIT),
          }));
          await copy(new MemoryLayer(offset, extents, content), volume, {
            windowBytes: window * UNIT,
            chunkBytes: chunk * UNIT,
            content: fresh ? 'zeros' : 'parent',
            spans,
          });
          expect(volume.bytes.equals(expected)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('holds one chunk and no more, however large the disk', async () => {
    const layer = layerOf('d1024');
    await copy(layer, new MemoryVolume(layer.sizeBytes), { windowBytes: 64 * MIB });
    expect(Math.max(...layer.reads.map(read => read.length))).toBe(4 * UNIT);
  });
});
