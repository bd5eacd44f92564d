/** Blocks of files that were read from a server; what was not used for longest goes first. */
import { KIB, MIB } from '../../bytes';

export const BLOCK_BYTES = 128 * KIB;
/** All files of one server together, blocks under way included: a mover has 256 MiB for everything. */
const CAPACITY_BYTES = 16 * MIB;

export interface Block {
  readonly bytes: Buffer;
  /** Resolves when `bytes` is whole. */
  readonly whole: Promise<void>;
  /** Under way: not to be dropped, its memory is in use. */
  underWay: boolean;
}

export class BlockCache {
  /** In the order of their last use. */
  private readonly blocks = new Map<string, Block>();
  private heldBytes = 0;

  constructor(private readonly capacityBytes = CAPACITY_BYTES) {}

  get(key: string): Block | undefined {
    const block = this.blocks.get(key);
    if (block === undefined) return undefined;
    this.blocks.delete(key);
    this.blocks.set(key, block);
    return block;
  }

  has(key: string): boolean {
    return this.blocks.has(key);
  }

  /** What a reader waits for is always taken in; older blocks make room. */
  put(key: string, block: Block): void {
    this.delete(key);
    this.makeRoom(block.bytes.length);
    this.blocks.set(key, block);
    this.heldBytes += block.bytes.length;
  }

  /** Makes room for what is read ahead, if that needs nothing that is under way; whether there is room now. */
  makeRoomFor(bytes: number): boolean {
    this.makeRoom(bytes);
    return this.heldBytes + bytes <= this.capacityBytes;
  }

  delete(key: string, only?: Block): void {
    const block = this.blocks.get(key);
    if (block === undefined || (only !== undefined && block !== only)) return;
    this.blocks.delete(key);
    this.heldBytes -= block.bytes.length;
  }

  get sizeBytes(): number {
    return this.heldBytes;
  }

  private makeRoom(bytes: number): void {
    for (const [key, block] of this.blocks) {
      if (this.heldBytes + bytes <= this.capacityBytes) return;
      if (!block.underWay) this.delete(key);
    }
  }
}
