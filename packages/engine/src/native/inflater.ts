/**
 * Inflates many small zlib streams one after the other with one state and one buffer. Node's
 * inflateSync makes both anew for each stream, which costs more than inflating a grain does
 * (measured: 2 to 3 times the time) and leaves V8 with 64 MiB of dead buffers in each thread.
 *
 * Node has no public call for this; it drives the handle of a zlib object directly, as the npm
 * client's own unpacker has done for years. Whatever is not as expected, found out once by a trial,
 * means that inflateSync does the work.
 */
import { createInflate, constants, deflateSync, inflateSync } from 'node:zlib';

export interface Inflater {
  /**
   * The whole stream unpacked; what follows it is ignored. The answer is a view that the next call
   * overwrites. @throws Error with zlib's words when the stream is damaged, cut short or longer than the limit
   */
  inflate(compressed: Uint8Array): Uint8Array;
}

/** Never gives more than `limitBytes`, whatever the input says. One for each thread. */
export function inflater(limitBytes: number): Inflater {
  handleWorks ??= trial();
  return handleWorks ? new HandleInflater(limitBytes) : plainInflater(limitBytes);
}

/** The public way. */
export function plainInflater(limitBytes: number): Inflater {
  return {
    inflate: compressed =>
      inflateSync(compressed, {
        maxOutputLength: limitBytes,
        chunkSize: Math.max(64, limitBytes + 64),
      }),
  };
}

/** What is used of Node's own zlib object. */
interface Engine {
  readonly _handle: {
    writeSync(
      flush: number,
      from: Uint8Array,
      fromOffset: number,
      fromLength: number,
      into: Uint8Array,
      intoOffset: number,
      intoLength: number,
    ): void;
    reset(): void;
    onerror: (message: string, errno: number, code: string) => void;
  };
  /** After a write: bytes left of the output, bytes left of the input. */
  readonly _writeState: Uint32Array;
}

let handleWorks: boolean | undefined;

class HandleInflater implements Inflater {
  /** One byte more than allowed shows that there is more. */
  private readonly output: Buffer;
  private engine: Engine | undefined;
  private failure: Error | undefined;

  constructor(private readonly limitBytes: number) {
    this.output = Buffer.allocUnsafeSlow(limitBytes + 1);
  }

  inflate(compressed: Uint8Array): Uint8Array {
    const { _handle, _writeState } = (this.engine ??= this.newEngine());
    this.failure = undefined;
    _handle.writeSync(
      constants.Z_FINISH,
      compressed,
      0,
      compressed.length,
      this.output,
      0,
      this.output.length,
    );
    const length = this.output.length - (_writeState[0] ?? 0);
    const failure = this.takeFailure(length);
    if (failure !== undefined) {
      // After an error nothing is known about its state.
      this.engine = undefined;
      throw failure;
    }
    _handle.reset();
    return this.output.subarray(0, length);
  }

  private takeFailure(length: number): Error | undefined {
    if (this.failure !== undefined) return this.failure;
    return length > this.limitBytes ? new Error(`more than ${this.limitBytes} bytes`) : undefined;
  }

  private newEngine(): Engine {
    const engine = createInflate() as unknown as Engine;
    engine._handle.onerror = (message, _errno, code) => {
      this.failure = Object.assign(new Error(message), { code });
    };
    return engine;
  }
}

/** Whether the handle does what it must: unpack twice in a row, refuse what is damaged, cut short or too long, and go on after that. */
function trial(): boolean {
  try {
    const text = Buffer.from('a grain of a disk, '.repeat(50));
    const packed = deflateSync(text);
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 4, 8);
    const under = new HandleInflater(text.length);
    const refuses = (inflate: Inflater, bytes: Uint8Array): boolean => {
      try {
        inflate.inflate(bytes);
        return false;
      } catch {
        return true;
      }
    };
    const unpacks = (): boolean => text.equals(under.inflate(packed));
    return (
      unpacks() &&
      unpacks() &&
      refuses(under, damaged) &&
      unpacks() &&
      refuses(under, packed.subarray(0, packed.length - 6)) &&
      refuses(under, Buffer.alloc(0)) &&
      refuses(new HandleInflater(text.length - 1), packed) &&
      unpacks()
    );
  } catch {
    return false;
  }
}
