/** From options to a KubernetesTarget with its connection and its movers. */
import { openCluster } from './cluster/http-cluster-api';
import { KubernetesTarget } from './kubernetes-target';
import type { KubernetesOptions } from './options';
import { ClusterPods } from './pods/cluster-pods';
import { builtImage, imageReference } from './pods/mover-image';

/** One a process for the same name and options: operations open a target for each call, and a connection costs. */
const opened = new Map<string, KubernetesTarget>();

/**
 * Touches nothing yet. @param moverProgram where the mover's program is, beside which the digest of
 * its image is written; absent: `moverImage` has to be configured before a pod is needed.
 */
export function openKubernetes(
  name: string,
  options: KubernetesOptions,
  moverProgram: string | undefined,
): KubernetesTarget {
  const key = JSON.stringify([name, options, moverProgram]);
  const known = opened.get(key);
  if (known !== undefined && !known.closed) return known;
  const target = newTarget(name, options, moverProgram);
  opened.set(key, target);
  return target;
}

function newTarget(
  name: string,
  options: KubernetesOptions,
  moverProgram: string | undefined,
): KubernetesTarget {
  const { kubeconfig, context, namespace, as, asGroups, deadlines } = options;
  const api = openCluster(
    {
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(as === undefined ? {} : { as }),
      ...(asGroups === undefined ? {} : { asGroups }),
    },
    {
      requestsPerSecond: options.requestsPerSecond,
      requestBurst: options.requestBurst,
      requestTimeoutMs: options.requestTimeoutMs,
    },
  );
  const pods = new ClusterPods({
    api,
    image: () =>
      imageReference(
        moverProgram === undefined ? undefined : builtImage(moverProgram),
        options.moverImage,
      ),
    pods: options.pods,
    ...(options.tablesClass === undefined ? {} : { tablesClass: options.tablesClass }),
    startLimitMs: deadlines.podStartMs,
  });
  return new KubernetesTarget(name, options, { api, pods });
}
