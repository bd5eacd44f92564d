import type { KeepRule, PlanOptions } from './plan';

/** `migrations.yaml`: many VMs at once, declared. `start -f migrations.yaml` reads it. */
export interface MigrationsFile {
  readonly requests: readonly MigrationRequest[];
}

/** One VM as it is to be migrated, defaults of the file filled in. */
export interface MigrationRequest {
  /** NAME, SOURCE/NAME or a path, as on the command line. */
  readonly vm: string;
  readonly source?: string;
  readonly target?: string;
  readonly options: RequestedOptions;
  /** Findings that are accepted beforehand, by id. */
  readonly accept: readonly string[];
  /** 1-based line of its entry, for messages. */
  readonly line: number;
}

/**
 * What a person chooses, in a migrations file or through an operation (whose schema has the same
 * fields); what is not given, or undefined, is DEFAULT_OPTIONS.
 */
export interface RequestedOptions {
  readonly leaveOutDisks?: readonly string[] | undefined;
  readonly keep?: RequestedKeep | undefined;
  readonly storageClass?: string | undefined;
  readonly storageClassByDisk?: Readonly<Record<string, string>> | undefined;
  readonly namePrefix?: string | undefined;
  readonly moverImage?: string | undefined;
  /** Take a VolumeSnapshot of the current state as well, whether or not the target asks for one. */
  readonly cutCurrent?: boolean | undefined;
  readonly sampleWindows?: number | undefined;
}

/** `age` gets its moment when the plan is built. */
export type RequestedKeep =
  Exclude<KeepRule, { readonly rule: 'age' }> | { readonly rule: 'age'; readonly maxAgeMs: number };

/** Everything is kept; the newest point of each disk is read back in 8 random windows. */
export const DEFAULT_OPTIONS: PlanOptions = {
  leaveOutDisks: [],
  keep: { rule: 'all' },
  storageClassByDisk: {},
  cutCurrent: 'when-the-target-asks',
  sampleWindows: 8,
};

/** @param nowUs from which ages are counted, microseconds since 1970 */
export function planOptionsOf(requested: RequestedOptions, nowUs: number): PlanOptions {
  const {
    storageClass,
    namePrefix,
    moverImage,
    cutCurrent,
    keep = DEFAULT_OPTIONS.keep,
  } = requested;
  return {
    leaveOutDisks: requested.leaveOutDisks ?? DEFAULT_OPTIONS.leaveOutDisks,
    keep: keep.rule === 'age' ? { ...keep, nowUs } : keep,
    ...(storageClass === undefined ? {} : { storageClass }),
    storageClassByDisk: requested.storageClassByDisk ?? DEFAULT_OPTIONS.storageClassByDisk,
    ...(namePrefix === undefined ? {} : { namePrefix }),
    ...(moverImage === undefined ? {} : { moverImage }),
    cutCurrent: cutCurrent === true ? 'always' : DEFAULT_OPTIONS.cutCurrent,
    sampleWindows: requested.sampleWindows ?? DEFAULT_OPTIONS.sampleWindows,
  };
}
