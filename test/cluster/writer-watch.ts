/** Looks, several times a second, who may write on which volume, whatever the pods are called. */
import { setTimeout as sleep } from 'node:timers/promises';

import { getObject } from './api';
import type { Cluster } from './cluster';
import { existingInstance } from './instance';

const LOOK_MS = 250;

interface SeenPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly volumes?: readonly {
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
  readonly status?: { readonly phase?: string };
}

export interface WriterWatch {
  /** Every moment in which two pods that had not ended held one volume. */
  readonly crowds: readonly string[];
  /** Most pods at work at one time since the last call. */
  mostAtOnce(): number;
  end(): Promise<void>;
}

/** @param shared PVCs that many may read, such as the source's */
export function watchWriters(
  cluster: Cluster,
  namespace: string,
  shared: readonly string[],
): WriterWatch {
  const instance = existingInstance(cluster.name);
  if (instance === undefined) throw new Error(`${cluster.name} is no cluster of this machine`);
  const crowds: string[] = [];
  const stop = new AbortController();
  let most = 0;
  const look = async () => {
    const { items } = await getObject<{ items: SeenPod[] }>(
      instance,
      `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/component%3Dmover`,
    );
    const holders = new Map<string, string[]>();
    const atWork = items.filter(
      ({ spec, status }) =>
        spec.nodeName !== undefined && !['Succeeded', 'Failed'].includes(status?.phase ?? ''),
    );
    most = Math.max(most, atWork.length);
    for (const { metadata, spec } of atWork)
      for (const { persistentVolumeClaim } of spec.volumes ?? []) {
        const claim = persistentVolumeClaim?.claimName;
        // Readers of samples share tables with a writer; the volumes themselves are what counts.
        if (claim === undefined || shared.includes(claim) || claim.endsWith('-tables')) continue;
        const names = holders.get(claim) ?? [];
        holders.set(claim, [...names, `${metadata.name} (${metadata.uid})`]);
      }
    for (const [claim, names] of holders)
      if (names.length > 1) crowds.push(`${claim} is held by ${names.join(' and ')}`);
  };
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await look().catch(() => undefined); // the API server is away by intention
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    crowds,
    mostAtOnce() {
      const found = most;
      most = 0;
      return found;
    },
    async end() {
      stop.abort();
      await looking;
    },
  };
}
