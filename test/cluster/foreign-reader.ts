/** What is on volumes, read by a program that knows nothing of us, in a pod of its own. */
import { BYTES_IMAGE } from './images';
import type { Kubectl } from './kubectl';
import { fileOn, isBound, makeClaim, restrictedPod, type VolumeMode } from './objects';

const MIB = 1024 ** 2;
/** Made by this process: some are asked for in the same millisecond. */
let pods = 0;

export interface ReadVolume {
  readonly claim: string;
  /** Read from the start; a multiple of 1 MiB. */
  readonly sizeBytes: number;
}

/** SHA-256 of each, in order: one pod with a container for each volume. */
export async function digestsOf(
  kubectl: Kubectl,
  mode: VolumeMode,
  volumes: readonly ReadVolume[],
): Promise<string[]> {
  const pod = `reads-${Date.now().toString(36)}-${++pods}`;
  const spec = restrictedPod(
    volumes.map(({ sizeBytes }, index) => ({
      name: `c${index}`,
      image: BYTES_IMAGE,
      args: ['digest', fileOn(mode), String(Math.ceil(sizeBytes / MIB))],
      ...(mode === 'Block'
        ? { volumeDevices: [{ name: `v${index}`, devicePath: '/dev/disk' }] }
        : { volumeMounts: [{ name: `v${index}`, mountPath: '/volume', readOnly: true }] }),
    })),
    volumes.map(({ claim }, index) => ({
      name: `v${index}`,
      persistentVolumeClaim: { claimName: claim },
    })),
  );
  await kubectl.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: pod }, spec });
  interface Ended {
    readonly status?: { readonly phase?: string };
  }
  const { status } = await kubectl.until<Ended>(
    `pod/${pod}`,
    now => now.status?.phase === 'Succeeded' || now.status?.phase === 'Failed',
    120_000,
  );
  const printed = await kubectl.run([
    'logs',
    pod,
    '--all-containers',
    '--prefix',
    '--max-log-requests=50',
  ]);
  if (status?.phase !== 'Succeeded') throw new Error(`pod ${pod} failed: ${printed}`);
  await kubectl.run(['delete', 'pod', pod, '--wait=false']);
  const byContainer = new Map(
    printed
      .trim()
      .split('\n')
      .map(line => {
        const [, container = '', digest = ''] = /^\[pod\/[^/]+\/(c\d+)\] (\w+)/.exec(line) ?? [];
        return [container, digest] as const;
      }),
  );
  return volumes.map((_, index) => byContainer.get(`c${index}`) ?? 'nothing');
}

/** The same of VolumeSnapshots, each restored to a PVC by hand, which is removed again. */
export async function digestsOfRestored(
  kubectl: Kubectl,
  mode: VolumeMode,
  points: readonly { readonly volumeSnapshot: string; readonly sizeBytes: number }[],
): Promise<string[]> {
  const restored = points.map(({ volumeSnapshot, sizeBytes }, index) => ({
    claim: `check-${index}-${volumeSnapshot}`.slice(0, 63).replace(/-+$/, ''),
    volumeSnapshot,
    sizeBytes,
  }));
  await Promise.all(
    restored.map(({ claim, volumeSnapshot }) =>
      makeClaim(kubectl, claim, { mode, fromSnapshot: volumeSnapshot }),
    ),
  );
  const claims = restored.map(({ claim }) => claim);
  // A scheduler that found them unbound may not look at the pod again for minutes.
  for (const claim of claims) await kubectl.until(`pvc/${claim}`, isBound, 60_000);
  const digests = await digestsOf(kubectl, mode, restored);
  await kubectl.run(['delete', 'pvc', ...claims, '--wait=false']);
  return digests;
}
