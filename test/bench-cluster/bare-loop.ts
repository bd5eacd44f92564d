/**
 * The same objects by plain API calls, one after the other, without engine, database and proof: what
 * nobody can be faster than who asks the cluster for them. A volume; then for each layer a pod that
 * writes and flushes as many bytes, its end, its removal, and a VolumeSnapshot until it is ready.
 */
import {
  PERSISTENT_VOLUME_CLAIM,
  type PersistentVolumeClaim,
  type Pod,
  POD,
  VOLUME_SNAPSHOT,
} from '../../packages/engine/src/targets/kubernetes/cluster/resources';
import { podState } from '../../packages/engine/src/targets/kubernetes/pods/pod-state';
import { settledObject } from '../../packages/engine/src/targets/kubernetes/waits';
import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';
import { BYTES_IMAGE } from '../cluster/images';
import type { BenchPlace } from './place';

export const PATIENCE_MS = 60_000;

export interface BareLayer {
  readonly totalMs: number;
  /** Pod made to its container's end; of one that stays, its order given to its word in the log. */
  readonly podMs: number;
  /** VolumeSnapshot made to ready. */
  readonly cutMs: number;
}

export async function bareLoop(
  { api }: BenchPlace,
  name: string,
  layers: number,
  layerMibs: number,
): Promise<readonly BareLayer[]> {
  await volumeOf(api, name);
  const measured: BareLayer[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const began = performance.now();
    const pod = await made(
      api.create(POD, writer(name, ['write', '/dev/disk', `layer-${layer}`, String(layerMibs)])),
    );
    const ended = (seen: Pod | undefined) => seen === undefined || podState(seen).state === 'ended';
    await settledObject(api, POD, pod, ended, PATIENCE_MS);
    const podMs = performance.now() - began;
    const cutMs = await cutUntilReady(api, name, layer);
    // The name is needed again: as the engine's, the pod has to be gone before the next one is made.
    await api.delete(POD, name, { uid: pod.metadata.uid ?? '' });
    const left = await api.get(POD, name);
    if (left !== undefined)
      await settledObject(api, POD, left, seen => seen === undefined, PATIENCE_MS);
    measured.push({ totalMs: performance.now() - began, podMs, cutMs });
  }
  return measured;
}

/** A Block volume of 64 MiB, bound. */
export async function volumeOf(api: ClusterApi, name: string): Promise<PersistentVolumeClaim> {
  const claim = await made(
    api.create(PERSISTENT_VOLUME_CLAIM, {
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        volumeMode: 'Block',
        resources: { requests: { storage: '64Mi' } },
      },
    }),
  );
  const isBound = (seen: typeof claim | undefined) => seen?.status?.phase === 'Bound';
  const bound = await settledObject(api, PERSISTENT_VOLUME_CLAIM, claim, isBound, PATIENCE_MS);
  return bound ?? claim;
}

/** How long a VolumeSnapshot of this volume took to be ready, in ms. */
export async function cutUntilReady(api: ClusterApi, name: string, layer: number): Promise<number> {
  const began = performance.now();
  const cut = await made(
    api.create(VOLUME_SNAPSHOT, {
      metadata: { name: `${name}-${layer}` },
      spec: { volumeSnapshotClassName: 'fast', source: { persistentVolumeClaimName: name } },
    }),
  );
  const isReady = (seen: typeof cut | undefined) => seen?.status?.readyToUse === true;
  await settledObject(api, VOLUME_SNAPSHOT, cut, isReady, PATIENCE_MS);
  return performance.now() - began;
}

export async function made<T>(answer: Promise<T | 'exists'>): Promise<T> {
  const object = await answer;
  if (object === 'exists') throw new Error('an object of the bench is there already');
  return object;
}

/** As a mover's pod is admitted: restricted, with the same grace period. */
export function writer(name: string, args: readonly string[]): Pod {
  const seccompProfile = { type: 'RuntimeDefault' };
  return {
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 60,
      securityContext: { runAsNonRoot: true, runAsUser: 107, runAsGroup: 107, seccompProfile },
      containers: [
        {
          name: 'mover',
          image: BYTES_IMAGE,
          imagePullPolicy: 'Never',
          args,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
            seccompProfile,
          },
          volumeDevices: [{ name: 'disk', devicePath: '/dev/disk' }],
        },
      ],
      volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: name } }],
    },
  };
}
