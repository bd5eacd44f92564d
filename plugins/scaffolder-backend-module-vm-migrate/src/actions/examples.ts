/** Examples that Backstage shows beside each action; a test checks each against the action's schema. */
import { stringify } from 'yaml';

export interface ActionExample {
  readonly description: string;
  /** YAML: the steps of a template. */
  readonly example: string;
}

function step(description: string, action: string, input: object): ActionExample {
  const name = action.replace('vm-migrate:', '');
  const steps = [{ id: name, name: description, action, input }];
  return { description, example: stringify({ steps }) };
}

const chosen = 'resource:default/lab.3f2a9c10d4e5b6a7';
const planned = '${{ steps.plan.output.planDigest }}';
const started = '${{ steps.start.output.migration }}';

export const planExamples = [
  step('Plan a VM that was picked from the catalog', 'vm-migrate:plan', { vm: chosen }),
  step('Plan with the newest three snapshots, and go on whatever blocks', 'vm-migrate:plan', {
    vm: 'lab/web-1',
    target: 'cluster',
    storageClass: 'fast',
    keep: { rule: 'newest', count: 3 },
    onBlocking: 'continue',
  }),
];

export const startExamples = [
  step('Start what was planned, and nothing else', 'vm-migrate:start', {
    vm: chosen,
    planDigest: planned,
  }),
  step('Start with accepted findings, and a class for one disk', 'vm-migrate:start', {
    vm: 'lab/web-1',
    accept: ['memory:snapshot-3'],
    storageClassByDisk: { 'scsi0:1': 'archive' },
  }),
];

export const waitExamples = [
  step('Wait ten minutes at most', 'vm-migrate:wait', { migration: started }),
  step('Wait for several, and fail when they are not done in an hour', 'vm-migrate:wait', {
    migration: ['m-abcdefgh', 'm-ijkmnpqr'],
    timeoutMinutes: 60,
    onTimeout: 'fail',
  }),
];

export const verifyExamples = [
  step('Read every VolumeSnapshot whole', 'vm-migrate:verify', { migration: started }),
  step('Read those of one VMware snapshot', 'vm-migrate:verify', {
    migration: 'm-abcdefgh',
    snapshots: ['3'],
  }),
];

export const reportExamples = [
  step('Write the report as Markdown', 'vm-migrate:report', { migration: started }),
  step('Write the report as data', 'vm-migrate:report', {
    migration: 'm-abcdefgh',
    format: 'json',
    path: 'docs/migration.json',
  }),
];
