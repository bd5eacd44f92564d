/** Hashes spans of a whole state: of a volume as its medium holds it, or of a chain as a guest reads it. */
import { MIB, type ByteRange } from '../bytes';
import { BLOCK_BYTES, DIGEST_BYTES, zeroDigest } from '../copy/blocks';
import { FileVolume } from '../copy/file-volume';
import { blockDigests } from '../copy/verify';
import { retrying } from '../copy/wrappers/retry';
import { ioBuffer } from '../native/aligned-buffer';
import { breathing } from './breath';
import type { MoverControl } from './control';
import { assertManifest } from './manifest-check';
import type { HashChainOrder, HashVolumeOrder } from './mover';
import { openOrderChain } from './order-source';

/** A multiple of 64 KiB: what one lane hashes at a time, and what one map lookup of a chain covers. */
export const HASH_SPAN_BYTES = 32 * MIB;
const READ_BYTES = MIB;

/** What is stored in a range, in order; what it leaves out reads as zeros. Ranges start and end on the 64 KiB grid or at the end. */
type StoredRanges = (span: ByteRange) => AsyncIterable<ByteRange> | Iterable<ByteRange>;
type Read = (offset: number, into: Buffer) => Promise<void>;

export function spanRange(span: number, stateSizeBytes: number): ByteRange {
  const offset = span * HASH_SPAN_BYTES;
  return { offset, length: Math.min(HASH_SPAN_BYTES, stateSizeBytes - offset) };
}

export interface HashLane {
  /** Digests of the span's blocks, 32 bytes each; `undefined` when all of it is zeros. */
  hash(span: number): Promise<Uint8Array | undefined>;
  /** After the last span. @throws EngineError FILE_CHANGED when a source file changed meanwhile */
  finish(): Promise<void>;
}

interface StateReader {
  readonly stored: StoredRanges;
  readonly read: Read;
  finish(): Promise<void>;
}

export async function openHashLane(
  order: HashVolumeOrder | HashChainOrder,
  control: MoverControl,
): Promise<HashLane> {
  const { stored, read, finish } =
    order.order === 'hash-volume' ? volumeReader(order) : await chainReader(order);
  const buffer = ioBuffer(READ_BYTES);
  const breathe = breathing();
  const hash = async (span: number): Promise<Uint8Array | undefined> => {
    const range = spanRange(span, order.stateSizeBytes);
    const digests = zeroDigests(range);
    let any = false;
    for await (const part of stored(range)) {
      any = true;
      for (let offset = part.offset; offset < part.offset + part.length; offset += READ_BYTES) {
        await breathe();
        control.assertHeld();
        const bytes = buffer.subarray(0, Math.min(READ_BYTES, part.offset + part.length - offset));
        await control.budget.take(bytes.length);
        await read(offset, bytes);
        digests.set(blockDigests(bytes), ((offset - range.offset) / BLOCK_BYTES) * DIGEST_BYTES);
        control.addBytesDone(bytes.length);
      }
    }
    return any ? digests : undefined;
  };
  return { hash, finish };
}

function volumeReader({ volume }: HashVolumeOrder): StateReader {
  const file = retrying(FileVolume.open(volume, 'read'), { attempts: 3, firstPauseMs: 200 });
  return {
    read: (offset, into) => file.readBack(offset, into),
    finish: () => file.close(),
    *stored(span) {
      const end = span.offset + span.length;
      // Read by read: a hole inside a read costs less than a list of every hole.
      for (let offset = span.offset; offset < end;) {
        const found = file.nextStored?.(offset) ?? offset;
        const start = Math.max(offset, found - (found % BLOCK_BYTES));
        if (start >= end) return;
        const length = Math.min(READ_BYTES, end - start);
        yield { offset: start, length };
        offset = start + length;
      }
    },
  };
}

async function chainReader({ source, files }: HashChainOrder): Promise<StateReader> {
  const chain = await openOrderChain(source, files);
  const manifests = await Promise.all(chain.layers.map(layer => layer.manifest()));
  return {
    async finish() {
      for (const [nth, layer] of chain.layers.entries()) {
        const before = manifests[nth];
        if (before !== undefined) await assertManifest(layer, before);
      }
      await chain.close();
    },
    read: async (offset, into) => {
      const inside = Math.max(0, Math.min(into.length, chain.sizeBytes - offset));
      if (inside > 0) await chain.read(offset, into.subarray(0, inside));
      into.fill(0, inside);
    },
    async *stored(span) {
      const inside = Math.min(span.length, chain.sizeBytes - span.offset);
      if (inside <= 0) return;
      const end = span.offset + span.length;
      let next = span.offset;
      for (const extent of await chain.extents({ offset: span.offset, length: inside })) {
        if (extent.kind !== 'data') continue;
        const start = Math.max(next, extent.offset - (extent.offset % BLOCK_BYTES));
        const stop = Math.min(
          end,
          Math.ceil((extent.offset + extent.length) / BLOCK_BYTES) * BLOCK_BYTES,
        );
        if (stop > start) yield { offset: start, length: stop - start };
        next = Math.max(next, stop);
      }
    },
  };
}

function zeroDigests(range: ByteRange): Buffer {
  const blocks = Math.ceil(range.length / BLOCK_BYTES);
  const digests = Buffer.alloc(blocks * DIGEST_BYTES, zeroDigest(BLOCK_BYTES));
  const rest = range.length % BLOCK_BYTES;
  if (rest > 0) digests.set(zeroDigest(rest), (blocks - 1) * DIGEST_BYTES);
  return digests;
}
