/**
 * One error type for everything a person may have to act on. A code is stable: docs/errors.md has
 * one heading for each, and `kubectl vm-migrate explain CODE` prints that heading.
 */

/** Whether trying the same thing again can help: `later` after a pause, `never` until the cause is removed. */
export type Retry = 'later' | 'never';

/** Where it happened. Every field is optional; fill in those that lead a person to the spot. */
export interface ErrorPlace {
  /** Path or name of the file, as the user would find it. */
  readonly file?: string;
  /** Byte offset inside `file`. */
  readonly offsetBytes?: number;
  /** 1-based line inside a text file. */
  readonly line?: number;
  /** Object that is not a file: a VM, a disk, a volume, a step. */
  readonly object?: string;
}

export interface ErrorDetails {
  readonly where?: ErrorPlace;
  readonly expected?: string;
  readonly found?: string;
  /** What to do next, as a sentence, with a command where one helps. */
  readonly hint?: string;
  readonly retry?: Retry;
  readonly cause?: unknown;
}

/** The meaning of every code: one line each, the first line of its heading in docs/errors.md. */
export const ERROR_CODES = {
  // formats and sources
  FILE_MISSING: 'A file that the VM names is not there.',
  FILE_UNREADABLE: 'A file of the VM cannot be read.',
  FILE_OUTSIDE_ROOT: 'A file name leads out of the folders that this source may read.',
  FILE_CHANGED: 'A file of the VM changed while it was being read.',
  DESCRIPTOR_INVALID: 'A VMDK descriptor does not follow the format.',
  LAYER_DAMAGED: 'A VMDK file contradicts itself or is cut short.',
  LAYER_UNSUPPORTED: 'A VMDK file is of a kind that cannot be migrated from its files.',
  LAYER_UNCLEAN: 'A VMDK file was not closed cleanly: it is in use, or its host crashed.',
  CHAIN_BROKEN: 'A delta does not fit its parent.',
  SOURCE_UNREACHABLE: 'The server of a source does not answer.',
  SOURCE_REFUSED: 'The server of a source must not be used as it presents itself.',
  SOURCE_UNSUITABLE: 'The server of a source lacks something that vm-migrate needs.',
  VM_INVALID: 'The configuration files of a VM cannot be understood.',
  VM_NOT_FOUND: 'No VM of that name is in the configured sources.',
  VM_AMBIGUOUS: 'Several VMs answer to that name.',
  // planning
  PLAN_INVALID: 'The plan file cannot be used.',
  PLAN_BLOCKED: 'The plan has findings that must be mended or accepted first.',
  PLAN_CHANGED: 'The VM, the options or the target changed since this plan was shown.',
  CLASS_NOT_FOUND: 'The target has no storage class of that name.',
  CLASS_WITHOUT_SNAPSHOTS: 'The storage class cannot take snapshots.',
  CLASS_PROBE_FAILED:
    'The storage class says that it can take snapshots, but the probe showed otherwise.',
  SPACE_SHORT: 'The target has less free space than the plan needs.',
  // copying and targets
  VOLUME_BUSY: 'Another writer holds the volume.',
  VOLUME_FOREIGN: 'The volume or VolumeSnapshot belongs to another store.',
  VOLUME_UNEXPECTED: 'What is on the volume is not what the store expects.',
  VOLUME_FULL: 'The target has no space left.',
  VOLUME_IO: 'The target failed to read or write.',
  VOLUME_MISSING: 'A volume or VolumeSnapshot is gone from the target.',
  VERIFY_MISMATCH: 'What was read back differs from what was written.',
  MOVER_FAILED: 'The mover program ended without a result.',
  MOVER_STOPPED: 'The mover was told to stop, or lost its lease.',
  MOVER_VERSION: 'The mover program is of another version than the engine.',
  // clusters
  CLUSTER_UNREACHABLE: 'The cluster cannot be reached, or cannot serve now.',
  CLUSTER_FORBIDDEN: 'The cluster does not let this user do that.',
  CLUSTER_REFUSED: 'The cluster refused an object.',
  CLUSTER_STUCK: 'The cluster did not finish what it was asked for in time.',
  // store, queue, surfaces
  DATABASE_UNREACHABLE: 'The database cannot be reached.',
  DATABASE_BUSY: 'Other transactions of the database were in the way too long.',
  DATABASE_NEWER: 'The database was written by a newer version of vm-migrate.',
  DATABASE_UNSUITABLE: 'The database server lacks something that vm-migrate needs.',
  EMBEDDED_FAILED: 'The embedded PostgreSQL cannot run here.',
  STORE_CONFLICT: 'Somebody else changed the same record first.',
  NOT_FOUND: 'There is no such object.',
  STATE_REFUSED: 'The operation does not fit the present state.',
  CONFIG_INVALID: 'The configuration has an error.',
  USAGE: 'The command or request has an error.',
  NOT_SIGNED_IN: 'The backend does not know who asks.',
  ACCESS_DENIED: 'You may not do that.',
  TOO_MANY_REQUESTS: 'Too many changes were asked for in a short time.',
  API_UNREACHABLE: 'The backend does not answer as vm-migrate.',
  TIMED_OUT: 'The wait ended before the work did; the work goes on.',
  INTERNAL: 'A defect in vm-migrate itself.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly where: ErrorPlace;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly hint: string | undefined;
  readonly retry: Retry;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(
      sentence(code, details),
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = 'EngineError';
    this.code = code;
    this.where = details.where ?? {};
    this.expected = details.expected;
    this.found = details.found;
    this.hint = details.hint;
    this.retry = details.retry ?? 'never';
  }

  /** Plain data for the database, a JSON line or an HTTP answer. */
  toJSON(): ErrorData {
    return {
      code: this.code,
      message: this.message,
      where: this.where,
      expected: this.expected,
      found: this.found,
      hint: this.hint,
      retry: this.retry,
    };
  }

  static fromJSON(data: ErrorData): EngineError {
    const code = data.code in ERROR_CODES ? (data.code as ErrorCode) : 'INTERNAL';
    return new EngineError(code, data);
  }
}

export interface ErrorData extends Omit<ErrorDetails, 'cause'> {
  readonly code: string;
  readonly message: string;
}

/** Anything thrown, as an EngineError: what is not ours becomes INTERNAL with its cause kept. */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const found = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EngineError('INTERNAL', { found, cause: thrown });
}

function sentence(code: ErrorCode, { where, expected, found }: ErrorDetails): string {
  const place = [
    where?.file,
    where?.line === undefined ? undefined : `line ${where.line}`,
    where?.offsetBytes === undefined ? undefined : `offset ${where.offsetBytes}`,
    where?.object,
  ].filter(part => part !== undefined);
  const parts: string[] = [ERROR_CODES[code]];
  if (place.length > 0) parts.push(`Where: ${place.join(', ')}.`);
  if (expected !== undefined) parts.push(`Expected: ${expected}.`);
  if (found !== undefined) parts.push(`Found: ${found}.`);
  return parts.join(' ');
}
