/**
 * A plan before anything is written: what is carried over and how, what it costs, what is lost, and
 * the command that starts exactly this.
 */
import type { Plan } from '@vm-migrate/engine';
import { displayWidth, shortenMiddle, wrapWords } from './display-width';
import { printable, shellWord } from './escape';
import { findingsLines } from './findings-text';
import { bytes, count, duration } from './format';
import { diskPlanLines } from './plan-disk';
import type { Style } from './style';

export interface PlanTextOptions {
  /** What follows `start` to begin exactly this: the VM and the options, quoted; absent: SOURCE/ID. */
  readonly startWords?: string;
  /** A plan that is only looked at, from a bundle or in the demo: no command. */
  readonly ending?: 'none';
  /** Ids that were accepted on the command line. */
  readonly accepted?: readonly string[];
}

export function planText(plan: Plan, style: Style, options: PlanTextOptions = {}): string {
  const findings = findingsLines(plan.findings, style);
  const carried = plan.disks.filter(disk => disk.leftOut === undefined);
  return [
    ...headLines(plan, style),
    ...carried.flatMap(disk => ['', ...diskPlanLines(plan, disk, style)]),
    ...aroundLines(plan, style),
    '',
    ...totalLines(plan, style),
    ...notKeptLines(plan, style),
    ...(findings.length > 0 ? ['', ...findings] : []),
    '',
    ...startLines(plan, style, options),
  ].join('\n');
}

function headLines(plan: Plan, style: Style): string[] {
  const { palette, symbols, width } = style;
  const { vm, target, snapshots } = plan;
  const name = `${printable(vm.source)}/${printable(vm.name)}`;
  const kept = snapshots.filter(snapshot => snapshot.kept).length;
  const line = (label: string, value: string): string =>
    `${palette.dim(label.padEnd(LABEL))}${shortenMiddle(value, width - LABEL, symbols)}`;
  return [
    palette.bold(shortenMiddle(`Plan for ${name}`, width, symbols)),
    line('VM', `${printable(vm.location)}, id ${vm.id}`),
    line('target', printable(target)),
    ...classLines(plan, style),
    line('keeps', `${kept} of ${count(snapshots.length, 'snapshot')} as VolumeSnapshots`),
    ...plan.disks.flatMap(disk =>
      disk.leftOut === undefined
        ? []
        : [
            line(
              'left out',
              `${printable(disk.label)} ${printable(disk.rootFile)}: ${printable(disk.leftOut)}`,
            ),
          ],
    ),
  ];
}

const LABEL = 10;
/** Of a digest: enough to tell two plans of one VM apart. */
const DIGITS = 16;

/** Which class, and why that one: the user's word, or the rule. */
function classLines(plan: Plan, style: Style): string[] {
  const { palette, width } = style;
  const carried = plan.disks.filter(disk => disk.leftOut === undefined);
  const classes = [...new Set(carried.map(disk => disk.storageClass))];
  const { storageClass, storageClassByDisk } = plan.options;
  const byDisk = Object.keys(storageClassByDisk).length > 0;
  const words =
    classes.length === 1
      ? `${printable(classes[0] ?? '')}, for every volume: ${storageClass === undefined && !byDisk ? 'chosen by rule among the classes that take snapshots' : 'as asked for'}`
      : carried.map(disk => `${printable(disk.label)} ${printable(disk.storageClass)}`).join(', ');
  return wrapWords(words, Math.min(width, 100) - LABEL).map(
    (line, index) => (index === 0 ? palette.dim('class'.padEnd(LABEL)) : ' '.repeat(LABEL)) + line,
  );
}

/** What happens before and after the copying, in one line each. */
function aroundLines(plan: Plan, { palette, width }: Style): string[] {
  const number = (kind: Plan['steps'][number]['kind']): number =>
    plan.steps.filter(step => step.kind === kind).length;
  const classes = [
    ...new Set(
      plan.steps.filter(({ kind }) => kind === 'proveClass').map(step => step.storageClass),
    ),
  ];
  const before = classes.map(name => `prove that class ${printable(name)} supports snapshots`);
  const after = [
    number('sampleSnapshot') > 0 &&
      `compare ${plan.options.sampleWindows} random windows of a restore of ${count(number('sampleSnapshot'), 'newest VolumeSnapshot')}`,
    number('verifySnapshot') > 0 &&
      `read ${count(number('verifySnapshot'), 'VolumeSnapshot')} whole`,
    number('removeVolume') > 0 && `remove ${count(number('removeVolume'), 'branch volume')}`,
    number('removeVolumeSnapshot') > 0 &&
      `remove ${count(number('removeVolumeSnapshot'), 'working VolumeSnapshot')}`,
  ].filter(words => words !== false);
  const line = (label: string, parts: readonly string[]): string[] =>
    parts.length === 0
      ? []
      : wrapWords(parts.join('; '), width - LABEL).map(
          (text, index) =>
            (index === 0 ? palette.dim(label.padEnd(LABEL)) : ' '.repeat(LABEL)) + text,
        );
  const lines = [...line('before', before), ...line('after', after)];
  return lines.length === 0 ? [] : ['', ...lines];
}

function totalLines(plan: Plan, { palette, width }: Style): string[] {
  const { totals, steps } = plan;
  const { estimateMs } = totals;
  const entries: [string, string][] = [
    [
      'copies',
      `${bytes(totals.dataBytes)} of data${totals.zeroBytes > 0 ? `, ${bytes(totals.zeroBytes)} of zeros` : ''}, from ${count(totals.layers, 'layer')}`,
    ],
    [
      'makes',
      `${count(totals.volumes, 'volume')}, ${count(totals.volumeSnapshots, 'VolumeSnapshot')}, in ${count(steps.length, 'step')}`,
    ],
    [
      'takes',
      estimateMs === undefined
        ? 'nothing to estimate from'
        : `${duration(estimateMs.low)} to ${duration(estimateMs.high)} (${printable(estimateMs.basis)})`,
    ],
    ...totals.space.map(({ storageClass, neededBytes, freeBytes }): [string, string] => {
      const free = freeBytes === undefined ? 'free space not known' : `${bytes(freeBytes)} free`;
      const words = `${bytes(neededBytes)} at most in class ${printable(storageClass)}, ${free}`;
      return [
        'needs',
        freeBytes !== undefined && neededBytes > freeBytes ? palette.red(words) : words,
      ];
    }),
  ];
  return entries.flatMap(([label, words]) => {
    const lines = displayWidth(words) <= width - LABEL ? [words] : wrapWords(words, width - LABEL);
    return lines.map(
      (text, index) => (index === 0 ? palette.dim(label.padEnd(LABEL)) : ' '.repeat(LABEL)) + text,
    );
  });
}

/** Snapshots that are not kept: where their changes end up, and what keeping them would cost. */
function notKeptLines({ snapshots }: Plan, { palette, width, symbols }: Style): string[] {
  const merged = snapshots.filter(snapshot => !snapshot.kept);
  if (merged.length === 0) return [];
  const nameOf = (id: string): string =>
    printable(snapshots.find(snapshot => snapshot.id === id)?.name ?? id);
  return [
    '',
    palette.bold(palette.yellow(`${count(merged.length, 'snapshot')} not kept`)),
    ...merged.map(({ name, mergedInto, costBytes }) => {
      const into =
        mergedInto === undefined
          ? 'left out, its changes are in no kept state'
          : `merged into ${mergedInto === 'current' ? 'the current state' : nameOf(mergedInto)}`;
      const cost =
        costBytes === undefined
          ? ''
          : `; keeping it as well would cost ${costBytes === 0 ? 'nothing more' : `up to ${bytes(costBytes)}`}`;
      return `  ${shortenMiddle(`${printable(name)}: ${into}${cost}`, width - 2, symbols)}`;
    }),
  ];
}

/** The command is pasted, so it is neither shortened nor broken, however narrow the terminal. */
function startLines(
  plan: Plan,
  { palette }: Style,
  { startWords, ending, accepted = [] }: PlanTextOptions,
): string[] {
  const open = plan.findings.filter(
    ({ id, severity }) => severity === 'blocks' && !accepted.includes(id),
  );
  const mend = open.filter(({ acceptable }) => !acceptable);
  const words = startWords ?? shellWord(`${plan.vm.source}/${plan.vm.id}`);
  const accepts = [...accepted, ...open.filter(({ acceptable }) => acceptable).map(({ id }) => id)];
  const command = [
    `kubectl vm-migrate start ${words}`,
    `--plan ${plan.digest.slice(0, DIGITS)}`,
    ...accepts.map(id => `--accept ${shellWord(id)}`),
  ].join(' ');
  const digest = `${palette.dim('digest'.padEnd(LABEL))}${plan.digest}`;
  if (mend.length > 0) {
    const what = mend.length === 1 ? 'the finding' : `the ${mend.length} findings`;
    return [
      digest,
      palette.red(
        `It cannot start before ${what} above that ${mend.length === 1 ? 'has' : 'have'} to be mended ${mend.length === 1 ? 'is' : 'are'}.`,
      ),
    ];
  }
  if (ending === 'none') return [digest];
  const say =
    open.length > 0
      ? 'Nothing is written yet. Accept what blocks, and start it with:'
      : 'Nothing is written yet. Start it with:';
  return [digest, '', say, `  ${palette.bold(command)}`];
}
