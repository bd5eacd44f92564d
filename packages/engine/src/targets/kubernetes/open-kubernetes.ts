/** From options to a KubernetesTarget with its connection and its movers. */
import type { ClusterApi } from './cluster/cluster-api';
import type { ClusterAddress } from './cluster/credentials';
import { openCluster } from './cluster/http-cluster-api';
import { KubernetesTarget } from './kubernetes-target';
import { KnownClasses } from './known-classes';
import type { KubernetesOptions } from './options';
import { ClusterPods } from './pods/cluster-pods';
import { builtImage, imageReference } from './pods/mover-image';

/** One a process for the same name and options: operations open a target for each call, and a connection costs. */
const opened = new Map<string, KubernetesTarget>();

/**
 * Touches nothing yet. @param moverProgram where the mover's program is, beside which the digest of
 * its image is written, and which reads what only this machine has; absent: `moverImage` has to be
 * configured before a pod is needed.
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

/** Which cluster these options mean, and as whom. */
export function addressOf(options: KubernetesOptions): ClusterAddress {
  const { kubeconfig, context, namespace, as, asGroups } = options;
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(as === undefined ? {} : { as }),
    ...(asGroups === undefined ? {} : { asGroups }),
  };
}

/** Access to the cluster and namespace of these options. Touches nothing yet. */
export function clusterApiOf(options: KubernetesOptions): ClusterApi {
  const { requestsPerSecond, requestBurst, requestTimeoutMs } = options;
  return openCluster(addressOf(options), { requestsPerSecond, requestBurst, requestTimeoutMs });
}

/** The image that pods run. @throws EngineError CONFIG_INVALID when there is none */
export function moverImageOf(options: KubernetesOptions, moverProgram: string | undefined): string {
  const built = moverProgram === undefined ? undefined : builtImage(moverProgram);
  return imageReference(built, options.moverImage);
}

/** Of the image that was built with this engine, where pods run that one. */
function builtDigestOf(
  { moverImage }: KubernetesOptions,
  moverProgram: string | undefined,
): string | undefined {
  if (moverImage !== undefined || moverProgram === undefined) return undefined;
  return builtImage(moverProgram)?.digest;
}

function newTarget(
  name: string,
  options: KubernetesOptions,
  moverProgram: string | undefined,
): KubernetesTarget {
  const { deadlines } = options;
  const api = clusterApiOf(options);
  const classes = new KnownClasses(api, name, options);
  const pods = new ClusterPods({
    api,
    bindsAtFirstUse: storageClass => classes.bindsAtFirstUse(storageClass),
    image: () => moverImageOf(options, moverProgram),
    builtDigest: () => builtDigestOf(options, moverProgram),
    pods: options.pods,
    ...(options.tablesClass === undefined ? {} : { tablesClass: options.tablesClass }),
    startLimitMs: deadlines.podStartMs,
    ...(moverProgram === undefined ? {} : { moverProgram }),
  });
  return new KubernetesTarget(name, options, { api, pods, classes });
}
