/** Remedies as the engine words them for a terminal, in the names of a template's inputs and steps. */
import {
  inWordsOf,
  type ControlWords,
  type PlanView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

const WORDS: ControlWords = {
  storageClass: 'the input `storageClass`',
  keep: 'the input `keep`',
  keepNewest: 'the input `keep` with rule newest and count {0}',
  namePrefix: 'the input `namePrefix`',
  accept: 'the input `accept`',
  tree: "the snapshot history on the VM's page",
  vms: 'the catalog (Resource, type virtual-machine)',
  migrations: 'the page VM migrations',
  plan: 'the action vm-migrate:plan',
  start: 'the action vm-migrate:start',
};

export function inTemplateWords(text: string): string {
  return inWordsOf(text, WORDS);
}

export function planInTemplateWords(plan: PlanView): PlanView {
  return {
    ...plan,
    findings: plan.findings.map(finding => ({
      ...finding,
      remedy: inTemplateWords(finding.remedy),
    })),
  };
}
