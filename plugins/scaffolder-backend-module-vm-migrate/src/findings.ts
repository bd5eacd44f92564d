/** Findings of a plan in a task: which of them keep it from starting, and how each reads in a log. */
import type { FindingView, PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { duration, bytes, count, printable } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { TemplateError } from './call-backend';

/** Those that nobody accepted. */
export function blockingOf(plan: PlanView, accept: readonly string[] = []): FindingView[] {
  return plan.findings.filter(
    ({ severity, id, acceptable }) => severity === 'blocks' && !(acceptable && accept.includes(id)),
  );
}

/** @throws TemplateError PLAN_BLOCKED naming each, and how it is accepted */
export function assertNotBlocked(plan: PlanView, accept: readonly string[] = []): void {
  const blocking = blockingOf(plan, accept);
  if (blocking.length === 0) return;
  const acceptable = blocking.filter(finding => finding.acceptable);
  throw new TemplateError(
    'PLAN_BLOCKED',
    [
      `${plan.vm.name} cannot be migrated as planned: ${blocking.map(({ id, cause }) => `${id} (${cause})`).join('; ')}.`,
      acceptable.length === 0
        ? 'Mend it and run the template again.'
        : `Mend it, or run the template again and accept: ${acceptable.map(({ id }) => id).join(', ')}.`,
    ].join(' '),
  );
}

export function findingLine({ severity, id, object, cause, remedy }: FindingView): string {
  return printable(`${severity}: ${id}: ${object}: ${cause} ${remedy}`);
}

/** A plan in a few lines of Markdown, for the output of a template. */
export function planMarkdown(plan: PlanView, accept: readonly string[] = []): string {
  const { vm, target, totals, findings } = plan;
  const kept = plan.snapshots.filter(snapshot => snapshot.kept);
  const blocking = new Set(blockingOf(plan, accept).map(({ id }) => id));
  const { estimateMs } = totals;
  return [
    `**${text(vm.name)}** to **${text(target)}**: ${kept.length} of ${count(plan.snapshots.length, 'snapshot')}, ${bytes(totals.dataBytes)} of data${estimateMs === undefined ? '' : `, ${duration(estimateMs.low)} to ${duration(estimateMs.high)}`}.`,
    ...(findings.length === 0
      ? ['', 'No findings.']
      : [
          '',
          '| finding | what | what to do |',
          '| --- | --- | --- |',
          ...findings.map(
            ({ severity, id, object, cause, remedy, acceptable }) =>
              `| ${blocking.has(id) ? '**blocks**' : severity === 'blocks' ? 'accepted' : severity}: ${text(id)}${blocking.has(id) && acceptable ? ' (can be accepted)' : ''} | ${text(`${object}: ${cause}`)} | ${text(remedy)} |`,
          ),
        ]),
  ].join('\n');
}

/** Names are whatever somebody typed: no markup, no cell, no line. */
function text(words: string): string {
  return printable(words).replace(/[\\`*_{}[\]<>()#+!|~&-]/g, '\\$&');
}
