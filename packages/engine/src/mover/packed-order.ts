/**
 * An order as a file: gzipped JSON, in which the windows that are done take 44 bytes each before
 * packing instead of 150. Both ends of a pod use it; whoever reads it gets the order as it was.
 *
 * A file may come in parts, `order.json`, `order.json.1`, ...: one Secret holds at most 1 MiB.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

import { EngineError } from '../errors';
import type { MoverOrder, WindowReport } from './mover';

const DIGEST_BYTES = 32;
const NUMBER_BYTES = 4;

/** Column by column, because equal and near numbers beside each other pack best: indexes, data bytes, zero bytes (each 32 bits, little-endian), digests. */
interface PackedWindows {
  readonly count: number;
  readonly columns: string;
}

type PackedOrder = Omit<MoverOrder, 'windowsDone'> & {
  readonly windowsDone?: readonly WindowReport[] | PackedWindows;
};

export function packOrder(order: MoverOrder): Buffer {
  const packed: PackedOrder =
    order.order === 'apply' && order.windowsDone.length > 0
      ? { ...order, windowsDone: packWindows(order.windowsDone) }
      : order;
  return gzipSync(JSON.stringify(packed));
}

/** @throws EngineError MOVER_FAILED when it is no order */
export function unpackOrder(bytes: Buffer): MoverOrder {
  try {
    const text = bytes[0] === 0x1f ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8');
    const order = JSON.parse(text) as PackedOrder;
    const { windowsDone } = order;
    if (windowsDone === undefined || Array.isArray(windowsDone)) return order as MoverOrder;
    return { ...order, windowsDone: unpackWindows(windowsDone as PackedWindows) } as MoverOrder;
  } catch (error) {
    throw new EngineError('MOVER_FAILED', {
      expected: 'an order, one JSON object, plain or gzipped',
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

/** Reads the file and its further parts. @throws EngineError MOVER_FAILED */
export function readOrderFile(file: string): MoverOrder {
  const parts = [readPart(file)];
  for (let part = 1; existsSync(`${file}.${part}`); part++) parts.push(readPart(`${file}.${part}`));
  return unpackOrder(Buffer.concat(parts));
}

function readPart(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new EngineError('MOVER_FAILED', {
      where: { file },
      expected: 'the file with the order',
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

function packWindows(windows: readonly WindowReport[]): PackedWindows {
  const count = windows.length;
  const columns = Buffer.alloc(count * (3 * NUMBER_BYTES + DIGEST_BYTES));
  [...windows]
    .sort((one, other) => one.index - other.index)
    .forEach(({ index, dataBytes, zeroBytes, digest }, row) => {
      [index, dataBytes, zeroBytes].forEach((value, column) =>
        columns.writeUInt32LE(value, (column * count + row) * NUMBER_BYTES),
      );
      columns.write(digest, digestAt(row, count), 'hex');
    });
  return { count, columns: columns.toString('base64') };
}

function unpackWindows({ count, columns }: PackedWindows): readonly WindowReport[] {
  const bytes = Buffer.from(columns, 'base64');
  if (bytes.length !== count * (3 * NUMBER_BYTES + DIGEST_BYTES))
    throw new Error(`${count} windows in ${bytes.length} bytes`);
  const value = (column: number, row: number) =>
    bytes.readUInt32LE((column * count + row) * NUMBER_BYTES);
  return Array.from({ length: count }, (_, row) => ({
    index: value(0, row),
    dataBytes: value(1, row),
    zeroBytes: value(2, row),
    digest: bytes.toString('hex', digestAt(row, count), digestAt(row + 1, count)),
  }));
}

function digestAt(row: number, count: number): number {
  return count * 3 * NUMBER_BYTES + row * DIGEST_BYTES;
}
