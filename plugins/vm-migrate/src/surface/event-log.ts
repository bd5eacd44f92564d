/** Events of one migration as far as they are known, each once, whatever order they came in. Pure. */
import type { EventView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export interface EventLog {
  /** Newest first. */
  readonly events: readonly EventView[];
  /** Whether the first event of all is among them. */
  readonly isComplete: boolean;
}

export const EMPTY_LOG: EventLog = { events: [], isComplete: false };

/** With events that came by the stream, or by asking from a cursor on; what is known already changes nothing. */
export function withEvents(log: EventLog, more: readonly EventView[]): EventLog {
  const known = new Set(log.events.map(({ id }) => id));
  const fresh = more.filter(({ id }) => !known.has(id) && known.add(id));
  if (fresh.length === 0) return log;
  return { ...log, events: [...log.events, ...fresh].sort((a, b) => b.id - a.id) };
}

/** With a page of older ones: fewer than were asked for are the first of all. */
export function withOlder(log: EventLog, page: readonly EventView[], asked: number): EventLog {
  return { ...withEvents(log, page), isComplete: log.isComplete || page.length < asked };
}
