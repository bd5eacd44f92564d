import { GIB, MIB, TIB } from '../bytes';
import { extentsOf, MemoryLayer } from '../testing/memory-layer';
import { pieceCount, pieces } from './blocks';
import {
  chunks,
  ownWindows,
  spanWindows,
  windowBytesFor,
  windowCount,
  windowRange,
} from './windows';

describe('windows', () => {
  it('are 4 MiB, and larger on disks that would have too many', () => {
    expect([1, 4 * GIB, 256 * GIB].map(windowBytesFor)).toEqual([4 * MIB, 4 * MIB, 4 * MIB]);
    expect(windowCount(62 * TIB, windowBytesFor(62 * TIB))).toBeLessThanOrEqual(65_536);
    expect(windowBytesFor(62 * TIB + 512) % MIB).toBe(0);
  });

  it('the last one is as long as the disk leaves it', () => {
    expect(windowRange(2, 100, 250)).toEqual({ offset: 200, length: 50 });
    expect(windowCount(250, 100)).toBe(3);
  });

  it('a span is whole windows', () => {
    expect(spanWindows(4 * MIB)).toBe(16);
    expect(spanWindows(GIB)).toBe(1);
  });

  it('hold the own extents only, cut at their borders, split runs joined', async () => {
    const layer = new MemoryLayer(1200, extentsOf('d1 d2 i1 z5 i2 d1', 100), Buffer.alloc(1200));
    const found = [];
    for await (const window of ownWindows(layer, { offset: 0, length: 1200 }, 400, 'parent'))
      found.push([window.index, window.own.map(own => `${own.kind} ${own.offset}+${own.length}`)]);
    expect(found).toEqual([
      [0, ['data 0+300']],
      [1, ['zero 400+400']],
      [2, ['zero 800+100', 'data 1100+100']],
    ]);
  });
});

describe('cutting', () => {
  it('at multiples of a step', () => {
    expect([...chunks({ offset: 250, length: 500 }, 200)]).toEqual([
      { offset: 250, length: 150 },
      { offset: 400, length: 200 },
      { offset: 600, length: 150 },
    ]);
  });

  it('at the 64 KiB grid, as many pieces as counted', () => {
    for (const range of [
      { offset: 0, length: 0 },
      { offset: 65_535, length: 2 },
      { offset: 65_536, length: 65_536 },
      { offset: 1, length: 200_000 },
    ]) {
      expect([...pieces(range)]).toHaveLength(pieceCount(range));
    }
    expect([...pieces({ offset: 65_535, length: 2 })]).toEqual([
      { offset: 65_535, length: 1 },
      { offset: 65_536, length: 1 },
    ]);
  });
});
