/** What a person has chosen so far for one VM, and what the operations take for it: pure. */
import type { MigrationOptions, PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export type KeepRuleName = 'all' | 'newest' | 'names' | 'age';

export interface Draft {
  readonly rule: KeepRuleName;
  /** For `newest`; undefined: as many as there are. */
  readonly newest: number | undefined;
  /** For `names`: snapshot ids; undefined: all of them. */
  readonly keptIds: ReadonlySet<string> | undefined;
  /** For `age`. */
  readonly days: number;
  /** Undefined: the default one. */
  readonly target: string | undefined;
  /** Undefined: the default one of the target. */
  readonly storageClass: string | undefined;
  /** By disk id; those that are not here take the common one. */
  readonly classByDisk: Readonly<Record<string, string>>;
  readonly leftOut: ReadonlySet<string>;
  /** Empty: the default one. */
  readonly namePrefix: string;
  readonly cutCurrent: boolean;
  /** Undefined: as many as the engine takes. */
  readonly sampleWindows: number | undefined;
}

export const NOTHING_CHOSEN: Draft = {
  rule: 'all',
  newest: undefined,
  keptIds: undefined,
  days: 30,
  target: undefined,
  storageClass: undefined,
  classByDisk: {},
  leftOut: new Set(),
  namePrefix: '',
  cutCurrent: false,
  sampleWindows: undefined,
};

export const DAY_MS = 86_400_000;

/** As the engine takes it. */
const NAME_PREFIX = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/;

/** One that is not said is made of the VM's name. */
export function isPrefixRight(namePrefix: string): boolean {
  return namePrefix === '' || NAME_PREFIX.test(namePrefix);
}

type Snapshots = PlanView['snapshots'];

/**
 * Only what was chosen; the rest is the engine's to choose. A wrong prefix is left out: the plan goes on
 * without it, and nothing may be started (`isPrefixRight`).
 */
export function optionsOf(draft: Draft, snapshots: Snapshots): MigrationOptions {
  const { target, storageClass, classByDisk, leftOut, namePrefix, cutCurrent, sampleWindows } =
    draft;
  const keep = keepOf(draft, snapshots);
  const classes = Object.entries(classByDisk).filter(([disk]) => !leftOut.has(disk));
  return {
    ...(keep === undefined ? {} : { keep }),
    ...(target === undefined ? {} : { target }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(classes.length === 0 ? {} : { storageClassByDisk: Object.fromEntries(classes) }),
    ...(leftOut.size === 0 ? {} : { leaveOutDisks: [...leftOut].sort() }),
    ...(namePrefix !== '' && isPrefixRight(namePrefix) ? { namePrefix } : {}),
    ...(cutCurrent ? { cutCurrent } : {}),
    ...(sampleWindows === undefined ? {} : { sampleWindows }),
  };
}

function keepOf(
  { rule, newest, keptIds, days }: Draft,
  snapshots: Snapshots,
): MigrationOptions['keep'] {
  switch (rule) {
    case 'all':
      return undefined;
    case 'newest':
      return newest === undefined ? undefined : { rule, count: newest };
    case 'names':
      if (keptIds === undefined) return undefined;
      return { rule, names: keepWords(keptIds, snapshots) };
    case 'age':
      return { rule, maxAgeMs: days * DAY_MS };
    default:
      return rule satisfies never;
  }
}

/** Before there is a plan nobody knows a name: ids say it as well. */
function keepWords(keptIds: ReadonlySet<string>, snapshots: Snapshots): string[] {
  if (snapshots.length === 0) return [...keptIds];
  return snapshots.filter(({ id }) => keptIds.has(id)).map(one => keepWord(one, snapshots));
}

/** What names this snapshot and no other: its name, or its id where others have the same name. */
function keepWord({ id, name }: Snapshots[number], snapshots: Snapshots): string {
  const isSaidByName = (word: string) => snapshots.filter(other => other.name === word).length;
  if (name !== '' && isSaidByName(name) === 1) return name;
  return isSaidByName(id) === 0 ? id : name;
}
