/** Objects that the tests of the cluster make, and waits for them. */
import { BYTES_IMAGE } from './images';
import type { Kubectl } from './kubectl';

export type VolumeMode = 'Block' | 'Filesystem';

/** What `bytes` is told to write to or read from. */
export const fileOn = (mode: VolumeMode) => (mode === 'Block' ? '/dev/disk' : '/volume/disk.img');

interface ClaimOptions {
  readonly mode: VolumeMode;
  readonly storageClass?: string;
  readonly size?: string;
  readonly fromSnapshot?: string;
}

export async function makeClaim(
  kubectl: Kubectl,
  name: string,
  { mode, storageClass = 'fast', size = '128Mi', fromSnapshot }: ClaimOptions,
): Promise<void> {
  const dataSource = {
    apiGroup: 'snapshot.storage.k8s.io',
    kind: 'VolumeSnapshot',
    name: fromSnapshot,
  };
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: storageClass,
      volumeMode: mode,
      resources: { requests: { storage: size } },
      ...(fromSnapshot === undefined ? {} : { dataSource }),
    },
  });
}

interface Phase {
  readonly status?: { readonly phase?: string };
}

export const isBound = ({ status }: Phase) => status?.phase === 'Bound';
export const isRunning = ({ status }: Phase) => status?.phase === 'Running';
const hasEnded = ({ status }: Phase) => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** The spec of a pod that a restricted namespace admits. */
export function restrictedPod(containers: readonly object[], volumes: readonly object[]): object {
  const seccompProfile = { type: 'RuntimeDefault' };
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 107,
      runAsGroup: 107,
      fsGroup: 107,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile,
    },
    containers: containers.map(container => ({
      imagePullPolicy: 'Never',
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile,
      },
      ...container,
    })),
    volumes,
  };
}

/** A pod that a restricted namespace admits, with a claim, running `bytes ARGS`. */
export async function startPod(
  kubectl: Kubectl,
  name: string,
  mode: VolumeMode,
  claim: string,
  args: readonly string[],
): Promise<void> {
  const place =
    mode === 'Block'
      ? { volumeDevices: [{ name: 'disk', devicePath: '/dev/disk' }] }
      : { volumeMounts: [{ name: 'disk', mountPath: '/volume' }] };
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: restrictedPod(
      [{ name: 'bytes', image: BYTES_IMAGE, args, ...place }],
      [{ name: 'disk', persistentVolumeClaim: { claimName: claim } }],
    ),
  });
}

/** Runs `bytes ARGS` on a claim to its end, removes the pod and returns what it printed. */
export async function runPod(
  kubectl: Kubectl,
  name: string,
  mode: VolumeMode,
  claim: string,
  args: readonly string[],
): Promise<string> {
  await startPod(kubectl, name, mode, claim, args);
  const { status } = await kubectl.until<Phase>(`pod/${name}`, hasEnded);
  const printed = (await kubectl.run(['logs', name])).trim();
  if (status?.phase !== 'Succeeded') throw new Error(`pod ${name} failed: ${printed}`);
  await kubectl.run(['delete', 'pod', name, '--wait=false']);
  return printed;
}

export interface Snapshot {
  readonly status?: {
    readonly readyToUse?: boolean;
    readonly boundVolumeSnapshotContentName?: string;
    readonly error?: { readonly message?: string };
  };
}

export const isReady = ({ status }: Snapshot) => status?.readyToUse === true;

export async function makeSnapshot(
  kubectl: Kubectl,
  name: string,
  claim: string,
  snapshotClass = 'fast',
): Promise<void> {
  await kubectl.apply({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: {
      volumeSnapshotClassName: snapshotClass,
      source: { persistentVolumeClaimName: claim },
    },
  });
}
