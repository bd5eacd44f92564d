/**
 * What happens to a volume, as Events of its PVC, so that `kubectl describe pvc` tells it. They are
 * news, not state: written in the background, in order, never waited for; what cannot be written is
 * dropped, and nothing depends on it.
 */
import { createHash } from 'node:crypto';

import { EngineError } from '../../errors';
import type { Happening } from '../target';
import type { ClusterApi } from './cluster/cluster-api';
import { EVENT, type EventObject, PERSISTENT_VOLUME_CLAIM } from './cluster/resources';
import { OURS, REPORTER } from './layout';
import { SeenClaims } from './seen-claims';

/** As many may wait to be written; what comes on top is dropped. */
const QUEUE = 100;
/** Written within a minute; the rest of a burst is dropped: the database has all of them. */
const PER_MINUTE = 60;
/** The API server's own limit. */
const MESSAGE_CHARACTERS = 1024;
const FORBIDDEN_MS = 600_000;

export class VolumeEvents {
  private readonly queue: Happening[] = [];
  private writing: Promise<void> | undefined;
  private minute = { began: 0, count: 0 };
  private silentUntil = 0;
  private closed = false;

  /** @param seen tells the uid of a volume that was looked at, to save a look */
  constructor(
    private readonly api: ClusterApi,
    private readonly seen = new SeenClaims(),
  ) {}

  tell(happening: Happening): void {
    if (this.closed || this.queue.length >= QUEUE || !this.admits()) return;
    this.queue.push(happening);
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
  }

  /** When nothing waits to be written. */
  async written(): Promise<void> {
    await this.writing;
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
  }

  private admits(): boolean {
    const now = performance.now();
    if (now < this.silentUntil) return false;
    if (now - this.minute.began > 60_000) this.minute = { began: now, count: 0 };
    return this.minute.count++ < PER_MINUTE;
  }

  private async writeAll(): Promise<void> {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      try {
        await this.write(next);
      } catch (thrown) {
        if (thrown instanceof EngineError && thrown.code === 'CLUSTER_FORBIDDEN') {
          this.silentUntil = performance.now() + FORBIDDEN_MS;
          this.queue.length = 0;
        }
      }
    }
  }

  /** The same news again is the same Event with a higher count. */
  private async write(happening: Happening): Promise<void> {
    const { api } = this;
    const { volume } = happening;
    const claim = this.seen.get(volume) ?? (await api.get(PERSISTENT_VOLUME_CLAIM, volume));
    if (claim?.metadata.uid === undefined) return;
    const event = eventOf(happening, claim.metadata.uid, api.namespace);
    if ((await api.create(EVENT, event)) !== 'exists') return;
    const known = await api.get(EVENT, event.metadata.name ?? '');
    if (known === undefined) return;
    // A conflict is another worker with the same news, which it has counted.
    await api.patch(
      EVENT,
      event.metadata.name ?? '',
      { count: (known.count ?? 1) + 1, lastTimestamp: new Date().toISOString() },
      { resourceVersion: known.metadata.resourceVersion ?? '' },
    );
  }
}

function eventOf(
  { volume, type, reason, message }: Happening,
  uid: string,
  namespace: string,
): EventObject {
  const text =
    message.length <= MESSAGE_CHARACTERS ? message : `${message.slice(0, MESSAGE_CHARACTERS - 1)}…`;
  const now = new Date().toISOString();
  const hash = createHash('sha256')
    .update(JSON.stringify([uid, type, reason, text]))
    .digest('hex');
  return {
    metadata: { name: `${volume}.${hash.slice(0, 16)}`, labels: OURS },
    involvedObject: {
      apiVersion: 'v1',
      kind: PERSISTENT_VOLUME_CLAIM.kind,
      name: volume,
      namespace,
      uid,
    },
    type,
    reason,
    message: text,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: REPORTER },
    reportingComponent: REPORTER,
  };
}
