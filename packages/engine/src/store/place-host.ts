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
