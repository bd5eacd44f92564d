import { hostname } from 'node:os';

/** The machine that alone reaches a place: folders and kubeconfigs are files of this one; what is reached over a network is of none. */
export function hostOf({
  kind,
  options,
}: {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}): string | null {
  const isHere =
    kind === 'vm-directory' || kind === 'local-directory' || options['kubeconfig'] !== undefined;
  return isHere ? hostname() : null;
}

/** Whether this process runs in a pod, whose name no other machine keeps. */
export function isInPod(): boolean {
  return (process.env['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}
