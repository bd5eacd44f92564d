/**
 * The part of SPDY/3.1 that port-forward needs (SPDY Protocol, Draft 3.1, sections 2.2 and 2.6). A
 * frame is a head of 8 bytes and a body, numbers big-endian:
 *
 *   data      stream id u32, top bit 0            | flags u8, length u24 | bytes
 *   control   0x80 0x03 (version), type u16       | flags u8, length u24 | by type
 *
 * Header blocks are one zlib stream a direction. What we send is stored, not compressed, each block
 * ended by an empty one, so that it is read without what follows; what comes is not looked into:
 * whether a stream was taken is known from its id.
 */
export const HEAD_BYTES = 8;
export const FIN = 1;

export const CONTROL = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  ping: 6,
  goAway: 7,
} as const;

export type FrameHead =
  | {
      readonly kind: 'data';
      readonly stream: number;
      readonly flags: number;
      readonly length: number;
    }
  | {
      readonly kind: 'control';
      readonly type: number;
      readonly flags: number;
      readonly length: number;
    };

/** `undefined`: of another version, or no SPDY at all. */
export function readHead(head: Buffer): FrameHead | undefined {
  const flags = head.readUInt8(4);
  const length = head.readUIntBE(5, 3);
  if (head.readUInt8(0) < 0x80)
    return { kind: 'data', stream: head.readUInt32BE(0), flags, length };
  if (head.readUInt16BE(0) !== 0x8003) return undefined;
  return { kind: 'control', type: head.readUInt16BE(2), flags, length };
}

/** @param length of the bytes that follow it, below 16 MiB */
export function dataHead(stream: number, length: number, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}

export function controlFrame(type: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

/** The header blocks of one direction, in the order in which they are sent. */
export class HeaderBlocks {
  private isFirst = true;

  /** SYN_STREAM. @param headers with names in lower case */
  synStream(stream: number, headers: Readonly<Record<string, string>>): Buffer {
    const ids = Buffer.alloc(10); // no associated stream, the highest priority, no slot
    ids.writeUInt32BE(stream, 0);
    return controlFrame(CONTROL.synStream, Buffer.concat([ids, this.stored(blockOf(headers))]));
  }

  private stored(block: Buffer): Buffer {
    const zlibHead = this.isFirst ? Buffer.of(0x78, 0x01) : Buffer.alloc(0);
    this.isFirst = false;
    const lengths = Buffer.alloc(5);
    lengths.writeUInt16LE(block.length, 1);
    lengths.writeUInt16LE(0xffff ^ block.length, 3);
    return Buffer.concat([zlibHead, lengths, block, Buffer.of(0, 0, 0, 0xff, 0xff)]);
  }
}

function blockOf(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers);
  return Buffer.concat([
    u32(entries.length),
    ...entries.flat().flatMap(text => [u32(Buffer.byteLength(text)), Buffer.from(text)]),
  ]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
