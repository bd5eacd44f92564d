/** How the bytes of each source come to the cluster: pushed from this machine, or read by pods. */
import type { PlaceRow } from '../../store/store';
import { missingRights } from '../../targets/kubernetes/rights';
import { ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck, type ClusterContext } from './cluster-check';

export function sourceTitle(source: PlaceRow, target: Pick<ClusterContext, 'name'>): string {
  return `source ${source.name} from ${target.name}`;
}

/** A folder of this machine, of which nothing says how pods find it. */
export function isPushed({ kind, options }: PlaceRow): boolean {
  return kind === 'vm-directory' && options['pods'] === undefined;
}

/** Folders of this machine: is there the right to push them. */
export const checkPushedSources: ClusterCheck = async context => {
  const pushed = context.sources.filter(isPushed);
  if (pushed.length === 0) return [];
  const missing = await missingRights(context.api, 'push');
  return pushed.map((source): DoctorCheck => {
    const title = sourceTitle(source, context);
    const found = 'a folder of this machine: it is pushed to pods through port-forward';
    if (missing.length === 0) return ok(title, `${found}, for which the right is there`);
    return {
      name: title,
      state: 'warning',
      found: `${found}, which is not allowed: ${missing.map(({ words }) => words).join('; ')}`,
      remedy:
        'Have the right granted, or let pods read the folder by themselves: `pods` of the source, or a server (HTTPS).',
      command: `kubectl vm-migrate doctor --rbac -o yaml | ${kubectl(context)} apply -f -`,
    };
  });
};

/** Those that pods read by themselves, where no pod is made to see it. */
export function unprobedSources(
  sources: readonly PlaceRow[],
  target: Pick<ClusterContext, 'name'>,
): readonly DoctorCheck[] {
  return sources
    .filter(source => !isPushed(source))
    .map(source => ({
      name: sourceTitle(source, target),
      state: 'skipped',
      found: 'pods read it by themselves; nothing shows whether they reach it',
      remedy: 'The probe shows it: a pod opens one layer there.',
      command: 'kubectl vm-migrate doctor --probe',
    }));
}
