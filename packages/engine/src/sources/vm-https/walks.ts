/**
 * Recognises reads that walk forward through a file, several walks beside each other (tables and the
 * grains that they point to), and says how far ahead of each it pays to read.
 */
import { KIB, MIB } from '../../bytes';

/** What may be left out between two reads of one walk: a table, some unused grains. */
const GAP_BYTES = 256 * KIB;
/** Grain order is not quite guest order: a walk may step back a little. */
const STEP_BACK_BYTES = 256 * KIB;
const AHEAD_BYTES = 8 * MIB;
const WALKS = 4;

interface Walk {
  end: number;
  seenBytes: number;
}

export class Walks {
  /** The one that went on last comes first. */
  private walks: Walk[] = [];

  /** Notes a read and gives how many bytes behind it are worth having: as many as the walk has had twice. */
  ahead(offset: number, end: number): number {
    const known = this.walks.find(
      walk => offset >= walk.end - STEP_BACK_BYTES && offset <= walk.end + GAP_BYTES,
    );
    const walk = known ?? { end, seenBytes: 0 };
    this.walks = [walk, ...this.walks.filter(other => other !== walk)].slice(0, WALKS);
    if (known === undefined) return 0;
    walk.seenBytes += Math.max(0, end - walk.end);
    walk.end = Math.max(walk.end, end);
    return Math.min(AHEAD_BYTES, walk.seenBytes * 2);
  }
}
