/**
 * Which sources and targets whoever asks may name. Rows of the database are those of all programs on
 * it, for ever: also of a folder that somebody once named at a terminal, and of a place that was taken
 * out of the configuration. Over HTTP only what this backend has configured is offered; migrations of
 * other places go on and are shown, and nothing new begins there.
 */
import { hostOf } from '../store/place-host';
import { findPlace, places, type PlaceTable } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { OperationContext } from './operation';
import { settledTarget } from './settled-target';

export async function offeredPlaces(
  context: OperationContext,
  table: PlaceTable,
): Promise<PlaceRow[]> {
  const rows = await places(context.database, table);
  if (context.paths === 'allowed') return rows;
  return rows.filter(({ name }) => context.configured[table].includes(name));
}

/** Undefined: there is none of this name, or it is not offered. */
export async function offeredPlace(
  context: OperationContext,
  table: PlaceTable,
  name: string,
): Promise<PlaceRow | undefined> {
  if (context.paths === 'allowed' || context.configured[table].includes(name))
    return findPlace(context.database, table, name);
  if (table !== 'target' || context.foundTarget === undefined) return undefined;
  const found = (await settledTarget(context, foundRowOf(context.foundTarget))).place;
  return found.name === name ? found : undefined;
}

/** The cluster that nobody configured, as it was found. */
export function foundRowOf(found: NonNullable<OperationContext['foundTarget']>): PlaceRow {
  return { ...found, credentialRef: null, host: hostOf(found) };
}
