/**
 * Carries out the class proof's orders on a volume that only a mover can reach: writes a pattern and
 * flushes it, or reads it back past the page cache and says where it differs.
 */
import { createCipheriv, createHash } from 'node:crypto';

import { MIB } from '../bytes';
import { FileVolume } from '../copy/file-volume';
import { leased } from '../copy/wrappers/leased';
import { EngineError } from '../errors';
import { ioBuffer } from '../native/aligned-buffer';
import { ensureDiskFile } from './disk-file';
import type { PatternOrder } from './mover';
import type { ReceiptFacts, RunContext } from './run-context';
import { lockVolume } from './volume-lock';

const BLOCK_BYTES = MIB;

/** @throws EngineError VOLUME_BUSY, VOLUME_MISSING, VOLUME_FULL, VOLUME_IO, VOLUME_UNEXPECTED, MOVER_STOPPED */
export async function runPattern(order: PatternOrder, context: RunContext): Promise<ReceiptFacts> {
  if (order.lengthBytes % BLOCK_BYTES !== 0 || order.lengthBytes > order.volume.sizeBytes) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { file: order.volume.path },
      expected: `whole MiB, at most the volume's ${order.volume.sizeBytes} bytes`,
      found: `a pattern of ${order.lengthBytes} bytes`,
    });
  }
  ensureDiskFile(order);
  lockVolume(order.volume, order.act === 'write' ? 'write' : 'read');
  return order.act === 'write' ? writePattern(order, context) : comparePattern(order, context);
}

async function writePattern(order: PatternOrder, { control }: RunContext): Promise<ReceiptFacts> {
  const volume = leased(FileVolume.open(order.volume, 'write'), control);
  try {
    for (let offset = 0; offset < order.lengthBytes; offset += BLOCK_BYTES) {
      if (!control.mayGoOn()) throw control.stopError();
      await volume.write(offset, block(order.seed, offset));
    }
    await volume.flush();
    return { bytes: { data: order.lengthBytes, zero: 0, written: order.lengthBytes, read: 0 } };
  } finally {
    await volume.close();
  }
}

async function comparePattern(order: PatternOrder, { control }: RunContext): Promise<ReceiptFacts> {
  const volume = FileVolume.open(order.volume, 'read');
  try {
    const found = ioBuffer(BLOCK_BYTES);
    const bytes = (read: number) => ({ data: 0, zero: 0, written: 0, read });
    for (let offset = 0; offset < order.lengthBytes; offset += BLOCK_BYTES) {
      if (!control.mayGoOn()) throw control.stopError();
      await volume.readBack(offset, found);
      if (block(order.seed, offset).compare(found) !== 0)
        return { bytes: bytes(offset + BLOCK_BYTES), differsAt: offset };
    }
    return { bytes: bytes(order.lengthBytes) };
  } finally {
    await volume.close();
  }
}

/** The same bytes as targets/probe-pattern.ts makes: AES-256-CTR of zeros, key SHA-256(seed), the counter's upper half is the block's number. */
function block(seed: string, offset: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(offset / BLOCK_BYTES));
  return createCipheriv('aes-256-ctr', key, counter).update(ZEROS);
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);
