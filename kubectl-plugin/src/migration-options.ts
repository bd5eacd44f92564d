/** The flags that choose how a VM is migrated, for plan, start and recover. */
import type { MigrationOptions } from '@vm-migrate/api';
import type { Plan, RequestedOptions } from '@vm-migrate/engine';
import { shellWord } from './output/escape';
import { UsageError } from './usage-error';
import type { OptionTable } from './tables';
import { PROGRAM } from './version';

export const MIGRATION_OPTIONS = {
  target: {
    type: 'string',
    describe: 'Configured target; without it the default one',
    names: ['target'],
  },
  'storage-class': {
    type: 'string',
    describe: 'One storage class for all volumes',
    names: ['class'],
  },
  'disk-class': {
    type: 'string',
    array: true,
    describe: 'DISK=CLASS: another class for one disk (repeatable)',
  },
  'leave-out': { type: 'string', array: true, describe: 'Disk that is not migrated (repeatable)' },
  keep: {
    type: 'string',
    array: true,
    describe:
      'Snapshots to keep: all, newest=N, names=A,B, name=EXACT (repeatable) or age=30d; the rest is merged into the next kept state',
  },
  'name-prefix': { type: 'string', describe: 'Prefix of all object names on the target' },
  'mover-image': {
    type: 'string',
    describe: "Image of the mover pods of this migration, best by digest; overrides the target's",
  },
  'cut-current': {
    type: 'boolean',
    default: false,
    describe: 'Take a VolumeSnapshot of the current state as well',
  },
  sample: { type: 'number', describe: 'Random windows compared through a restore, per disk (8)' },
} as const satisfies OptionTable;

export interface MigrationArguments {
  readonly target?: string | undefined;
  readonly storageClass?: string | undefined;
  readonly diskClass?: readonly (string | number)[] | undefined;
  readonly leaveOut?: readonly (string | number)[] | undefined;
  readonly keep?: readonly (string | number)[] | undefined;
  readonly namePrefix?: string | undefined;
  readonly moverImage?: string | undefined;
  readonly cutCurrent?: boolean | undefined;
  readonly sample?: number | undefined;
}

/** @throws UsageError */
export function migrationOptions(args: MigrationArguments): MigrationOptions {
  const { target, storageClass, diskClass, leaveOut, keep, namePrefix, cutCurrent, sample } = args;
  const { moverImage } = args;
  return {
    ...(target === undefined ? {} : { target }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(diskClass === undefined
      ? {}
      : {
          storageClassByDisk: Object.fromEntries(diskClass.map(word => diskAndClass(String(word)))),
        }),
    ...(leaveOut === undefined ? {} : { leaveOutDisks: leaveOut.map(String) }),
    ...(keep === undefined ? {} : { keep: keepRule(keep.map(String)) }),
    ...(namePrefix === undefined ? {} : { namePrefix }),
    ...(moverImage === undefined ? {} : { moverImage }),
    ...(cutCurrent === true ? { cutCurrent } : {}),
    ...(sample === undefined ? {} : { sampleWindows: sample }),
  };
}

function diskAndClass(word: string): [string, string] {
  const at = word.lastIndexOf('=');
  if (at < 1 || at === word.length - 1)
    throw new UsageError(
      `--disk-class ${word} is not DISK=CLASS`,
      'As in: --disk-class scsi0:1=fast',
    );
  return [word.slice(0, at), word.slice(at + 1)];
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

function keepRule(words: readonly string[]): NonNullable<MigrationOptions['keep']> {
  const refuse = (word: string): UsageError =>
    new UsageError(
      `--keep ${word} is none of all, newest=N, names=A,B, name=EXACT, age=30d`,
      `See: ${PROGRAM} plan --help`,
    );
  const names: string[] = [];
  for (const word of words) {
    const [, key = '', value = ''] = /^(names?|newest|age)=(.*)$/s.exec(word) ?? [];
    if (key === 'name' && value !== '') names.push(value);
    else if (key === 'names' && value !== '')
      names.push(...value.split(',').filter(name => name !== ''));
    else if (words.length > 1) throw refuse(words.join(' --keep '));
    else if (word === 'all') return { rule: 'all' };
    else if (key === 'newest' && /^\d+$/.test(value))
      return { rule: 'newest', count: Number(value) };
    else if (key === 'age') return { rule: 'age', maxAgeMs: ageMs(value) };
    else throw refuse(word);
  }
  return { rule: 'names', names };
}

/** `90m`, `12h`, `30d`, `4w`. @throws UsageError */
export function ageMs(words: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhdw])$/.exec(words) ?? [];
  if (count === '' || Number(count) === 0)
    throw new UsageError(`"${words}" is no age`, 'As in: 90m, 12h, 30d or 4w');
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

/** The flags that say the same again, for a command to paste. */
export function optionWords(args: MigrationArguments): string[] {
  const {
    target,
    storageClass,
    diskClass = [],
    leaveOut = [],
    keep = [],
    namePrefix,
    moverImage,
    cutCurrent,
    sample,
  } = args;
  const one = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`--${name}`, shellWord(String(value))];
  return [
    ...one('target', target),
    ...one('storage-class', storageClass),
    ...diskClass.flatMap(word => one('disk-class', word)),
    ...leaveOut.flatMap(word => one('leave-out', word)),
    ...keep.flatMap(word => one('keep', word)),
    ...one('name-prefix', namePrefix),
    ...one('mover-image', moverImage),
    ...(cutCurrent === true ? ['--cut-current'] : []),
    ...one('sample', sample),
  ];
}

/** What was chosen for a plan that was written to a file. */
export function optionsOfPlan({ target, options }: Plan): MigrationOptions {
  const { keep, cutCurrent, ...same } = options;
  return operationOptions({
    ...same,
    target,
    keep: keep.rule === 'age' ? { rule: 'age', maxAgeMs: keep.maxAgeMs } : keep,
    ...(cutCurrent === 'always' ? { cutCurrent: true } : {}),
  });
}

/** What somebody chose, in a migrations file or for an earlier plan, as the operations take it: only what is given, in lists of its own. */
export function operationOptions(
  chosen: RequestedOptions & { readonly target?: string | undefined },
): MigrationOptions {
  const { keep, leaveOutDisks, storageClassByDisk, cutCurrent, ...texts } = chosen;
  const given = Object.entries(texts).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(given) as typeof texts),
    ...(keep === undefined
      ? {}
      : { keep: keep.rule === 'names' ? { rule: 'names', names: [...keep.names] } : keep }),
    ...(leaveOutDisks === undefined ? {} : { leaveOutDisks: [...leaveOutDisks] }),
    ...(storageClassByDisk === undefined ? {} : { storageClassByDisk: { ...storageClassByDisk } }),
    ...(cutCurrent === true ? { cutCurrent } : {}),
  };
}
