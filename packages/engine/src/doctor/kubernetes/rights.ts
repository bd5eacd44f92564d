/** What this account may do, asked of the API server itself (SelfSubjectAccessReview). */
import { missingRights } from '../../targets/kubernetes/rights';
import { ok, type DoctorCheck } from '../check';
import { kubectl, type ClusterCheck } from './cluster-check';

export const checkRights: ClusterCheck = async context => {
  const title = `rights ${context.name}`;
  const missing = await missingRights(context.api);
  const words = (which: typeof missing): string => which.map(right => right.words).join('; ');
  const needed = missing.filter(right => right.onlyFor === undefined);
  const forPush = missing.filter(right => right.onlyFor === 'push');
  const forKnowing = missing.filter(right => right.onlyFor === 'knowing');
  const command = `kubectl vm-migrate doctor --rbac -o yaml | ${kubectl(context)} apply -f -`;
  const remedy =
    'Whoever administers the cluster grants them; --service-account NAME names the account that is bound.';
  const checks: DoctorCheck[] =
    needed.length === 0
      ? [ok(title, 'all that is needed')]
      : [{ name: title, state: 'failed', found: `may not: ${words(needed)}`, remedy, command }];
  if (forPush.length > 0)
    checks.push({
      name: title,
      state: 'warning',
      found: `cannot push folders of this machine: ${words(forPush)}`,
      remedy:
        'Sources that pods reach by themselves (`pods` of a folder, or HTTPS) do without. To push, have them granted.',
      command,
    });
  if (forKnowing.length > 0)
    checks.push({
      name: title,
      state: 'warning',
      found: `works without, and says less: ${words(forKnowing)}`,
      remedy:
        'Without namespaces kube-system, a switched context cannot be told from another cluster.',
      command,
    });
  return checks;
};
