/** Which findings stand between a plan and its start: pure. */
import type { FindingView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** Ids that are accepted and that this plan has: one of an earlier choice may be gone. */
export function acceptedOf(
  findings: readonly FindingView[],
  accepted: ReadonlySet<string>,
): readonly string[] {
  return findings
    .filter(({ id, acceptable }) => acceptable && accepted.has(id))
    .map(({ id }) => id);
}

/** Those that block it still. */
export function openFindings(
  findings: readonly FindingView[],
  accepted: ReadonlySet<string>,
): readonly FindingView[] {
  const ids = new Set(acceptedOf(findings, accepted));
  return findings.filter(({ id, severity }) => severity === 'blocks' && !ids.has(id));
}
