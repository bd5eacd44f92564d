import type { Snapshot } from '../sources/snapshot-tree';
import type { DiskReplay } from './replay-disk';
import type { OwnBytes } from './space';

export interface CostInput {
  readonly diskId: string;
  readonly replay: DiskReplay;
  /** All snapshots of the VM, kept or not. */
  readonly snapshots: readonly Snapshot[];
  readonly ownBytes: (layerId: string) => OwnBytes;
  readonly sizeBytes: number;
  /** StorageClass.snapshotCost. */
  readonly snapshotCost: number;
}

/**
 * Bytes on the target that one snapshot costs for one disk: for a kept one, what not keeping it
 * would save; for another, what keeping it would add. Upper bounds, by snapshot id.
 *
 * Two parts: the layers that nothing else needs, and the VolumeSnapshot, which holds a copy of what
 * is allocated or, shared, what the layers after it overwrite until the next cut (see space.ts).
 */
export function snapshotCosts(input: CostInput): ReadonlyMap<string, number> {
  const { replay, ownBytes, sizeBytes, snapshotCost } = input;
  const users = usersOf(input);
  const overwritten = overwrittenAfter(replay, ownBytes, sizeBytes);
  const allocated = new Map<string, number>();
  const alone = new Map<string, number>();
  for (const [id, { parent }] of replay.layers) {
    const { data } = ownBytes(id);
    const below = parent === undefined ? undefined : parent.node.id;
    allocated.set(id, Math.min(sizeBytes, data + (allocated.get(below ?? '') ?? 0)));
    const shared = (users.get(id) ?? 0) > 1;
    alone.set(id, shared ? 0 : data + (alone.get(below ?? '') ?? 0));
  }

  const costs = new Map<string, number>();
  for (const snapshot of input.snapshots) {
    const state = snapshot.disks.find(disk => disk.diskId === input.diskId);
    const layer = state === undefined ? undefined : replay.layers.get(state.layerId);
    if (layer === undefined || layer.unreadable !== undefined) continue;
    const { id } = layer.node;
    const held =
      snapshotCost * (allocated.get(id) ?? 0) + (1 - snapshotCost) * (overwritten.get(id) ?? 0);
    costs.set(snapshot.id, Math.ceil(held) + (alone.get(id) ?? 0));
  }
  return costs;
}

/**
 * How many states at or above a layer need it: carried ones, and for a layer that none needs the
 * one snapshot whose cost is asked for. 1 or less means: with that snapshot the layer goes.
 */
function usersOf({ replay }: CostInput): ReadonlyMap<string, number> {
  const users = new Map<string, number>();
  const main = replay.volumes.find(volume => volume.role === 'main');
  const carried = replay.volumeSnapshots.filter(cut => cut.purpose === 'snapshot');
  for (const cut of carried) users.set(cut.layerId, (users.get(cut.layerId) ?? 0) + 1);
  // The present state is no snapshot's: its layers are never saved by dropping one.
  const tip = main?.layers.at(-1);
  if (tip !== undefined) users.set(tip, (users.get(tip) ?? 0) + 2);
  for (const [id, { parent }] of [...replay.layers].reverse()) {
    if (parent === undefined) continue;
    users.set(parent.node.id, (users.get(parent.node.id) ?? 0) + (users.get(id) ?? 0));
  }
  return users;
}

/** What is written to the layer's volume after it until the next cut: a state that nobody cuts is lost by that much. */
function overwrittenAfter(
  replay: DiskReplay,
  ownBytes: CostInput['ownBytes'],
  sizeBytes: number,
): ReadonlyMap<string, number> {
  const cut = new Set(replay.volumeSnapshots.map(({ layerId }) => layerId));
  const after = new Map<string, number>();
  for (const { layers } of replay.volumes) {
    let bytes = 0;
    for (const id of [...layers].reverse()) {
      after.set(id, bytes);
      const { data, zero } = ownBytes(id);
      bytes = Math.min(sizeBytes, data + zero + (cut.has(id) ? 0 : bytes));
    }
  }
  return after;
}
