/** What this account may do, asked of the API server itself (SelfSubjectAccessReview). */
import { missingRights } from '../../targets/kubernetes/rights';
import { ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck } from './cluster-check';

export const checkRights: ClusterCheck = async context => {
  const title = `rights ${context.name}`;
  const missing = await missingRights(context.api);
  const words = (which: typeof missing): string => which.map(right => right.words).join('; ');
  const needed = missing.filter(right => right.needed);
  const wanted = missing.filter(right => !right.needed);
  const command = `kubectl vm-migrate doctor --rbac -o yaml | ${kubectl(context)} apply -f -`;
  const remedy =
    'Whoever administers the cluster grants them; --service-account NAME names the account that is bound.';
  const checks: DoctorCheck[] =
    needed.length === 0
      ? [ok(title, 'all that is needed')]
      : [{ name: title, state: 'failed', found: `may not: ${words(needed)}`, remedy, command }];
  if (wanted.length === 0) return checks;
  return [
    ...checks,
    {
      name: title,
      state: 'warning',
      found: `works without, and says less: ${words(wanted)}`,
      remedy:
        'Without namespaces kube-system, a switched context cannot be told from another cluster.',
      command,
    },
  ];
};
