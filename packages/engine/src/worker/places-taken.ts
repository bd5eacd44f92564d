/** Caps on steps that copy, and how many places under each are taken: what admission and whoever explains it go by. */
import type { Tx } from '../store/database';
import { limits } from '../store/places';

/** Steps that copy or read whole layers or volumes; all others are over in a moment. */
export const COPYING = `('applyLayer', 'sampleSnapshot', 'verifySnapshot')`;

export interface Share {
  readonly migrationId: string;
  readonly source: string;
  readonly storageClass: string;
}

export interface UsedUp {
  /** As `limits` names it: all, vm, source:NAME, class:NAME. */
  readonly scope: string;
  readonly cap: number;
}

export class PlacesTaken {
  readonly #taken = new Map<string, number>();

  constructor(private readonly caps: ReadonlyMap<string, number | null>) {}

  take(share: Share, count: number): void {
    for (const { place } of scopesOf(share))
      this.#taken.set(place, (this.#taken.get(place) ?? 0) + count);
  }

  /** The first cap that leaves no place for such a step. */
  usedUp(share: Share): UsedUp | undefined {
    for (const { scope, place } of scopesOf(share)) {
      const cap = this.caps.get(scope) ?? Infinity;
      if ((this.#taken.get(place) ?? 0) >= cap) return { scope, cap };
    }
    return undefined;
  }

  isFull(): boolean {
    return (this.#taken.get('all') ?? 0) >= (this.caps.get('all') ?? Infinity);
  }
}

/** A step of a migration that is not to run takes a place only while somebody still works on it. */
export async function placesTaken(tx: Tx): Promise<PlacesTaken> {
  const places = new PlacesTaken(
    new Map((await limits(tx)).map(limit => [limit.scope, limit.maxRunning])),
  );
  const shares = await tx.query<Share & { readonly running: number }>(
    `select s.migration_id as "migrationId", m.source_name as source, s.storage_class as "storageClass", count(*) as running
       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where (s.state = 'running' or (s.state in ('queued', 'waiting') and m.wanted = 'run')) and s.kind in ${COPYING} group by 1, 2, 3`,
  );
  for (const share of shares) places.take(share, share.running);
  return places;
}

/** Each VM has a place of its own under the limit `vm`. */
function scopesOf({ migrationId, source, storageClass }: Share) {
  return ['all', 'vm', `source:${source}`, `class:${storageClass}`].map(scope => ({
    scope,
    place: scope === 'vm' ? `vm:${migrationId}` : scope,
  }));
}
