import { isOwnCluster } from './cluster';
import { whyNoCluster } from './requirements';

/**
 * A describe that needs a cluster. Where none can run it is skipped with the reason; on CI that is
 * allowed on other platforms only.
 */
export function describeWithCluster(name: string, body: () => void): void {
  const why = isOwnCluster ? whyNoCluster() : undefined;
  describeUnless(why, name, body);
}

/** The same for tests that stop components, inject faults or look at the machine. */
export function describeWithOwnCluster(name: string, body: () => void): void {
  const why = isOwnCluster
    ? whyNoCluster()
    : 'VM_MIGRATE_TEST_KUBECONFIG names a cluster whose processes are not ours';
  describeUnless(why, name, body);
}

function describeUnless(why: string | undefined, name: string, body: () => void): void {
  const mustRun = process.env.CI === 'true' && process.platform === 'linux' && isOwnCluster;
  if (why === undefined || mustRun) describe(name, body);
  else describe.skip(`${name} [platform: ${why}]`, body);
}
