/**
 * Windows: the guest's address space cut into equal parts, the unit of reports, digests and resume.
 * Nothing here does I/O except asking a layer what it says about a stretch.
 */
import { alignUp, endOf, intersect, MIB, type ByteRange } from '../bytes';
import { EngineError } from '../errors';
import type { Extent, Layer } from '../formats/layer';
import { BLOCK_BYTES } from './blocks';

/** What the target holds before the layer is written: `zeros`, a new volume; `parent`, the parent's state. */
export type Content = 'zeros' | 'parent';

/** One window and the layer's own extents in it: data and zero, in order, inherited left out, touching ones of a kind merged. */
export interface OwnWindow {
  readonly index: number;
  readonly own: readonly Extent[];
}

/** Windows of so many bytes that a disk has at most 65,536 of them; 4 MiB up to 256 GiB. */
export function windowBytesFor(sizeBytes: number): number {
  return Math.max(4 * MIB, alignUp(Math.ceil(sizeBytes / 65_536), MIB));
}

export function windowRange(index: number, windowBytes: number, sizeBytes: number): ByteRange {
  const offset = index * windowBytes;
  return { offset, length: Math.min(windowBytes, sizeBytes - offset) };
}

export function windowCount(sizeBytes: number, windowBytes: number): number {
  return Math.ceil(sizeBytes / windowBytes);
}

/** @throws EngineError INTERNAL unless it is a positive multiple of 64 KiB */
export function assertWindowBytes(windowBytes: number): void {
  if (Number.isSafeInteger(windowBytes) && windowBytes > 0 && windowBytes % BLOCK_BYTES === 0)
    return;
  throw new EngineError('INTERNAL', {
    expected: 'windows of a positive multiple of 64 KiB',
    found: `${windowBytes} bytes`,
  });
}

/** Stretches of whole windows, about 64 MiB each: what one lane takes at a time, and what one map lookup covers. */
export function spanWindows(windowBytes: number): number {
  return Math.max(1, Math.floor((64 * MIB) / windowBytes));
}

/**
 * The windows of `span` that need work, in order. With `zeros` a window without data needs none:
 * it is never written or reported, and the proof reads what was not written once, at the end.
 */
export async function* ownWindows(
  layer: Layer,
  span: ByteRange,
  windowBytes: number,
  content: Content,
): AsyncGenerator<OwnWindow> {
  const extents = await layer.extents(span);
  let at = 0;
  for (let offset = span.offset; offset < endOf(span); offset += windowBytes) {
    const window = { offset, length: Math.min(windowBytes, endOf(span) - offset) };
    const own: Extent[] = [];
    for (; at < extents.length; at++) {
      const extent = extents[at] as Extent;
      const part = extent.offset >= endOf(window) ? undefined : intersect(extent, window);
      if (part !== undefined && extent.kind !== 'inherited')
        own.push({ ...part, kind: extent.kind });
      if (endOf(extent) > endOf(window)) break;
    }
    if (needsWork(own, content)) yield { index: window.offset / windowBytes, own: mergedRuns(own) };
  }
}

/** Whether a window with these own extents is written at all. */
export function needsWork(own: readonly Extent[], content: Content): boolean {
  switch (content) {
    case 'zeros':
      return own.some(extent => extent.kind === 'data');
    case 'parent':
      return own.length > 0;
  }
}

/** Neighbours of one kind as one run: a layer may split a run, a read need not. */
export function mergedRuns(extents: readonly Extent[]): readonly Extent[] {
  const runs: Extent[] = [];
  for (const extent of extents) {
    const last = runs.at(-1);
    if (last !== undefined && last.kind === extent.kind && endOf(last) === extent.offset) {
      runs[runs.length - 1] = { ...last, length: last.length + extent.length };
    } else {
      runs.push(extent);
    }
  }
  return runs;
}

/** Cuts a range at multiples of `step`. */
export function* chunks(range: ByteRange, step: number): Generator<ByteRange> {
  const end = endOf(range);
  for (let offset = range.offset; offset < end;) {
    const next = Math.min(offset - (offset % step) + step, end);
    yield { offset, length: next - offset };
    offset = next;
  }
}

export function bytesOfKind(extents: readonly Extent[], kind: Extent['kind']): number {
  return extents.reduce((sum, extent) => (extent.kind === kind ? sum + extent.length : sum), 0);
}
