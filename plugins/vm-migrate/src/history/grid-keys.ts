/**
 * What a key does on a row of the history's treegrid.
 *
 * Up, Down, Page Up, Page Down, Home and End go from row to row. Right shows the details
 * of a point, and goes to the first of them when they are shown; Left hides them, goes from a detail to
 * its point, and from a point without shown details to the one that it grew from. Enter and Space show
 * and hide. `aria-expanded` is what these change; a point with nothing to show has none.
 */
import type { KeyboardEvent } from 'react';
import type { GridRow } from './grid-rows';

export type Act = { readonly focus: number } | { readonly toggle: string };

/** Undefined: nothing. `page`: rows in sight. */
export function actOf(
  event: KeyboardEvent,
  rows: readonly GridRow[],
  active: number,
  page: number,
): Act | undefined {
  const row = rows[active];
  if (row === undefined || event.altKey || event.metaKey) return undefined;
  const { point } = row.rail;
  const isOpen = row.kind === 'point' && row.isOpen;
  switch (event.key) {
    case 'ArrowDown':
      return { focus: active + 1 };
    case 'ArrowUp':
      return { focus: active - 1 };
    case 'PageDown':
      return { focus: active + page };
    case 'PageUp':
      return { focus: active - page };
    case 'Home':
      return { focus: 0 };
    case 'End':
      return { focus: rows.length - 1 };
    case 'ArrowRight':
      if (row.kind !== 'point' || !row.canOpen) return undefined;
      return isOpen ? { focus: active + 1 } : { toggle: point.id };
    case 'ArrowLeft': {
      if (isOpen) return { toggle: point.id };
      const above = row.kind === 'point' ? row.rail.parent?.id : point.id;
      const index = rows.findIndex(each => each.kind === 'point' && each.rail.point.id === above);
      return index === -1 ? undefined : { focus: index };
    }
    case 'Enter':
    case ' ':
      return row.kind === 'point' && row.canOpen ? { toggle: point.id } : undefined;
    default:
      return undefined;
  }
}
