/**
 * Memory that O_DIRECT accepts. Node cannot ask for aligned memory, but a WebAssembly.Memory always
 * starts on a page (measured; Buffer.alloc, large ArrayBuffers and SharedArrayBuffers do not).
 */
const PAGE_BYTES = 64 * 1024;

/** The types of Node leave it out, the types of browsers would bring everything else in. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/** What file systems ask of offset, length and address. */
export const DIRECT_ALIGNMENT_BYTES = 4096;

const aligned = new WeakSet<ArrayBufferLike>();

/** At least `length` bytes, rounded up to 64 KiB, starting on a page; `undefined` where WebAssembly is switched off. */
export function alignedBuffer(length: number): Buffer | undefined {
  try {
    const pages = Math.ceil(length / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    aligned.add(memory.buffer);
    return Buffer.from(memory.buffer);
  } catch {
    return undefined;
  }
}

/** Aligned where it can be, plain otherwise. */
export function ioBuffer(length: number): Buffer {
  return alignedBuffer(length) ?? Buffer.allocUnsafeSlow(length);
}

export function isAligned(bytes: Uint8Array): boolean {
  return aligned.has(bytes.buffer) && bytes.byteOffset % DIRECT_ALIGNMENT_BYTES === 0;
}
