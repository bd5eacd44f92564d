import { buildPlan } from '../../../packages/engine/src/plan/build-plan';
import { planInput } from '../../../packages/engine/src/testing/plan-input';
import { displayWidth } from './display-width';
import { planText } from './plan-text';
import { PLAIN, type Style } from './style';

const style: Style = { palette: PLAIN, width: 72, symbols: 'unicode' };
const HISTORY = 'B[10+2](S1) -> D1[3](S2) -> D5*;  B -> D3[4](S3)';

/** Names end in a hash of what they are; what stands before it is what a person reads. */
const withoutHashes = (text: string): string => text.replaceAll(/-[0-9a-f]{10}\b/g, '-#');

it('draws a disk as its layers in order, what is cut under each, and a rail for a branch', () => {
  const lines = withoutHashes(planText(buildPlan(planInput(HISTORY)), style)).split('\n');
  const from = lines.findIndex(line => line.startsWith('scsi0:0'));
  expect(lines.slice(from, lines.indexOf('', from))).toEqual([
    'scsi0:0  B.vmdk  64 MiB, class fast',
    'onto volume web-1-scsi0-0-#',
    '●  B.vmdk     12 MiB  2.0 MiB of it zeros',
    '│    → S1  web-1-scsi0-0-s1-#',
    '├─╮  branch volume web-1-scsi0-0-side-#, removed at the end',
    '│ ●  D3.vmdk   4.0 MiB',
    '│      → S3  web-1-scsi0-0-s3-#',
    '●  D1.vmdk   3.0 MiB',
    '│    → S2  web-1-scsi0-0-s2-#',
    '●  D5.vmdk   1.0 MiB',
  ]);
});

it('adds up what it copies, makes, takes and needs', () => {
  const plan = buildPlan(planInput(HISTORY));
  const text = planText(plan, { ...style, width: 120 });
  expect(text).toContain('copies    18 MiB of data, 2.0 MiB of zeros, from 4 layers');
  expect(text).toContain(`makes     2 volumes, 3 VolumeSnapshots, in ${plan.steps.length} steps`);
  expect(text).toMatch(/^needs {5}\S+ \S+ at most in class fast, 1000 GiB free$/m);
});

it('ends with a command that starts exactly this, whole however narrow the terminal is', () => {
  const plan = buildPlan(planInput(HISTORY));
  expect(planText(plan, style, { startWords: "'lab/my vm'" }).split('\n').at(-1)).toBe(
    `  kubectl vm-migrate start 'lab/my vm' --plan ${plan.digest.slice(0, 16)}`,
  );
});

it('lists snapshots that are not kept, with where they end up and what keeping them would cost', () => {
  const plan = buildPlan(planInput(HISTORY, { keep: { rule: 'names', names: ['S2', 'S3'] } }));
  expect(planText(plan, { ...style, width: 100 })).toMatch(
    /^1 snapshot not kept\n {2}S1: merged into S2; keeping it as well would cost (up to |nothing more)/m,
  );
  const fork = 'B[10](S1) -> D1[3]*;  B -> D3[7](S3)';
  const side = buildPlan(planInput(fork, { keep: { rule: 'names', names: ['S3'] } }));
  expect(planText(side, { ...style, width: 100 })).toContain(
    'S1: merged into the current state; keeping it as well would cost nothing more',
  );
});

it('names what has to be accepted in the command', () => {
  const plan = buildPlan(planInput('B(S1) -> D1*!running'));
  const text = planText(plan, { ...style, width: 100 });
  expect(text).toContain('✗ current-not-frozen:current  may be accepted');
  expect(text.split('\n').at(-1)).toContain('--accept current-not-frozen:current');
  expect(planText(plan, style, { accepted: ['current-not-frozen:current'] })).toContain(
    'Start it with:',
  );
});

it('keeps lines inside the terminal, save the digest and the command', () => {
  for (const width of [40, 80, 140]) {
    const lines = planText(buildPlan(planInput(HISTORY)), { ...style, width }).split('\n');
    const wide = lines.filter(line => displayWidth(line) > width);
    expect(wide.filter(line => !/kubectl|^digest/.test(line))).toEqual([]);
  }
});
