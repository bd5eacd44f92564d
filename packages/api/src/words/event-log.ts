/** What happened as a log: a line an event, the same at a terminal, in a file and on a clipboard. */
import type { EventView } from '../views';
import { printable } from './printable';

/** Second of the day in UTC, as every surface writes it into a log: `2026-11-28 11:04:09Z`. */
export function logTime({ at }: Pick<EventView, 'at'>): string {
  return `${at.slice(0, 19).replace('T', ' ')}Z`;
}

/** The message and who asked for it; the engine's own steps need no name. */
export function logWords({ message, actor }: Pick<EventView, 'message' | 'actor'>): string {
  const isOwn = actor === '' || /^(system|engine|worker)\b/.test(actor);
  return `${printable(message)}${isOwn ? '' : ` (by ${printable(actor)})`}`;
}

/** Of one migration, oldest first; ends with a line break where there is a line. */
export function eventLog(events: readonly EventView[]): string {
  return events
    .map(
      event => `${logTime(event)}  ${event.level.padEnd('warning'.length)}  ${logWords(event)}\n`,
    )
    .join('');
}
