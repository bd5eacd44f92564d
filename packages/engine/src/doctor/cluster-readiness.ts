/**
 * Whether a cluster can take a migration as it stands, asked in seconds: a small doctor for whoever
 * has to choose a default target before anything runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfiguredTarget } from '../config';
import { toEngineError } from '../errors';
import type { KubernetesTarget } from '../targets/kubernetes/kubernetes-target';
import { moverImageOf, openKubernetes } from '../targets/kubernetes/open-kubernetes';
import { kubernetesOptionsSchema } from '../targets/kubernetes/options';

export type ClusterReadiness =
  | { readonly isReady: true }
  | {
      readonly isReady: false;
      /** For people: what is missing, then what to do. */
      readonly why: string;
    };

/**
 * First whether there is an image of the movers at all, without which no cluster is asked; nobody but
 * the nodes knows whether they can pull it. Then the API server for its classes. Never throws.
 * @param target of kind `kubernetes`
 */
export async function clusterReadiness(
  { name, options }: ConfiguredTarget,
  { moverProgram, timeoutMs }: { readonly moverProgram: string; readonly timeoutMs: number },
): Promise<ClusterReadiness> {
  const late = new AbortController();
  let target: KubernetesTarget | undefined;
  try {
    const checked = kubernetesOptionsSchema.parse({ requestTimeoutMs: timeoutMs, ...options });
    moverImageOf(checked, moverProgram);
    target = openKubernetes(name, checked, moverProgram);
    const capabilities = await Promise.race([
      target.capabilities(),
      sleep(timeoutMs, undefined, { signal: late.signal }),
    ]);
    if (capabilities === undefined)
      return { isReady: false, why: `it does not answer within ${timeoutMs / 1_000} s` };
    if (capabilities.classes.every(({ snapshots }) => snapshots.how === 'none'))
      return { isReady: false, why: 'no storage class of it takes VolumeSnapshots' };
    return { isReady: true };
  } catch (error) {
    const { message, hint } = toEngineError(error);
    return { isReady: false, why: [message, hint].filter(Boolean).join(' ') };
  } finally {
    late.abort();
    await target?.close();
  }
}
