/** Events of an object as people read them: two forms of them are about, a series and a count. */
import { REPORTER } from '../layout';
import type { KubeEvent } from './cluster-api';
import type { EventObject } from './resources';

/** Oldest first. Our own are left out: they repeat what was asked for here. */
export function flattenedEvents(items: readonly EventObject[]): readonly KubeEvent[] {
  return items
    .filter(
      ({ source, reportingComponent }) => (source?.component ?? reportingComponent) !== REPORTER,
    )
    .map((event): KubeEvent => ({
      type: event.type === 'Warning' ? 'Warning' : 'Normal',
      reason: event.reason ?? '',
      message: event.message ?? '',
      count: event.series?.count ?? event.count ?? 1,
      lastAt:
        event.series?.lastObservedTime ??
        event.lastTimestamp ??
        event.eventTime ??
        event.metadata.creationTimestamp ??
        '',
    }))
    .sort((one, other) => Date.parse(one.lastAt) - Date.parse(other.lastAt));
}
