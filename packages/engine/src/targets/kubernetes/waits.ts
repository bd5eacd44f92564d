/**
 * Why something takes its time, and when it has taken too long. A cluster says why in conditions
 * and events, or not at all: a class whose snapshotter does not run stays silent for ever. So every
 * wait has words and an end.
 */
import { EngineError } from '../../errors';
import type { Pending } from '../target';
import type { ClusterApi } from './cluster/cluster-api';
import {
  type KubeObject,
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  POD,
  type Pod,
  type ResourceKind,
} from './cluster/resources';

/** When this process began to wait for what; a wait that ended is forgotten, so that a retry has its whole time again. */
export class Deadlines {
  private readonly began = new Map<string, number>();

  /** @throws EngineError CLUSTER_STUCK when `limitMs` have passed since the first call for `what` */
  pending(what: string, limitMs: number, reason: string): Pending {
    const now = performance.now();
    const since = this.began.get(what) ?? now;
    this.began.set(what, since);
    const waitedMs = now - since;
    if (waitedMs < limitMs) {
      // Often at first, seldom later.
      const retryMs = Math.round(Math.min(5_000, Math.max(250, waitedMs / 4)));
      return { pending: true, retryMs, reason: `${what}: ${reason}` };
    }
    this.began.delete(what);
    throw new EngineError('CLUSTER_STUCK', {
      where: { object: what },
      expected: `an end within ${Math.round(limitMs / 1000)} s`,
      found: reason,
      hint: 'Nothing was removed: after the cause is mended, `kubectl vm-migrate retry` goes on waiting for it. See kubectl describe.',
    });
  }

  over(what: string): void {
    this.began.delete(what);
  }
}

/**
 * The object as soon as `isSettled` says so, or as it is after `patienceMs`; `undefined`: it is
 * gone. `known`: as it was last seen. Watches from there on, so that what takes the cluster 0.3 s
 * takes us no longer.
 */
export async function settledObject<T extends KubeObject>(
  api: ClusterApi,
  kind: ResourceKind<T>,
  known: T,
  isSettled: (object: T | undefined) => boolean,
  patienceMs: number,
): Promise<T | undefined> {
  const { name = '', resourceVersion } = known.metadata;
  if (isSettled(known)) return known;
  if (patienceMs <= 0) return api.get(kind, name);
  let latest: T | undefined = known;
  for await (const event of api.watch(kind, {
    fields: { 'metadata.name': name },
    signal: AbortSignal.timeout(patienceMs),
    ...(resourceVersion === undefined ? {} : { since: resourceVersion }),
  })) {
    if (event.type === 'synced') latest = event.items[0];
    else latest = event.type === 'deleted' ? undefined : event.object;
    if (isSettled(latest)) break;
  }
  return latest;
}

/** The last thing that events said about an object, warnings first; `undefined`: nothing. */
export async function lastWord(api: ClusterApi, object: KubeObject): Promise<string | undefined> {
  const events = await api.eventsOf(object);
  const told = events.findLast(event => event.type === 'Warning') ?? events.at(-1);
  if (told === undefined) return undefined;
  const times = told.count > 1 ? ` (${told.count} times)` : '';
  return `${told.reason}${times}: ${told.message}`;
}

/** Why a PVC is not bound. */
export async function whyNotBound(api: ClusterApi, claim: PersistentVolumeClaim): Promise<string> {
  const said = await lastWord(api, claim);
  const storageClass = claim.spec.storageClassName ?? '(none)';
  if (said === undefined)
    return `storage class ${storageClass} has not made it, and nothing says why: see that the provisioner of its driver runs`;
  return `storage class ${storageClass} has not made it; ${said}`;
}

/** Why an object that was deleted is still there. */
export async function whyNotGone(
  api: ClusterApi,
  kind: ResourceKind<KubeObject>,
  object: KubeObject,
): Promise<string> {
  const held = (object.metadata.finalizers ?? []).join(', ') || 'nothing that it names';
  const users =
    kind.kind === PERSISTENT_VOLUME_CLAIM.kind
      ? await podsUsing(api, object.metadata.name ?? '')
      : [];
  const by = users.length === 0 ? '' : `, used by pod ${users.map(nameOf).join(', ')}`;
  const said = await lastWord(api, object);
  return `it is being deleted, held by ${held}${by}${said === undefined ? '' : `; ${said}`}`;
}

async function podsUsing(api: ClusterApi, claim: string): Promise<readonly Pod[]> {
  const { items } = await api.list(POD);
  return items.filter(({ spec, status }) => {
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
    const volumes = (spec['volumes'] ?? []) as readonly {
      readonly persistentVolumeClaim?: { readonly claimName?: string };
    }[];
    return volumes.some(volume => volume.persistentVolumeClaim?.claimName === claim);
  });
}

function nameOf({ metadata }: KubeObject): string {
  return metadata.name ?? '';
}
