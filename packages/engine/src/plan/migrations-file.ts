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

/** What a person gives; the rest is DEFAULT_OPTIONS. `age` gets its moment when the plan is built. */
export type RequestedOptions = Partial<Omit<PlanOptions, 'keep'>> & {
  readonly keep?: RequestedKeep;
};

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
export function planOptionsOf({ keep, ...given }: RequestedOptions, nowUs: number): PlanOptions {
  return {
    ...DEFAULT_OPTIONS,
    ...given,
    keep:
      keep === undefined ? DEFAULT_OPTIONS.keep : keep.rule === 'age' ? { ...keep, nowUs } : keep,
  };
}
