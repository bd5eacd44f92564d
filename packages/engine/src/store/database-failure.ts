/**
 * What a failed statement or connection means to the person at the keyboard.
 */
import { types } from 'node:util';
import { DatabaseError } from 'pg';
import { EngineError } from '../errors';

const HINT_RUNNING =
  'Check that the server runs and that its address is right; `kubectl vm-migrate doctor` shows which database is used and where that setting comes from.';

/** SQLSTATEs with which a server turns a client away or drops it, and what to do about each. */
const TURNED_AWAY: Readonly<Record<string, string>> = {
  '28P01': 'The user name or the password of the database URL is wrong.',
  '28000': 'The server does not let this user in from here (pg_hba.conf).',
  '3D000': 'Create the database, or correct its name in the database URL.',
  '53300': 'The server has no free connection: raise max_connections, or run fewer workers.',
  '57P01': 'The server is being shut down or restarted; try again when it is up.',
  '57P02': 'The server crashed and is recovering; try again in a moment.',
  '57P03': 'The server is starting; try again in a moment.',
  '57P05': 'The server closed an idle session; try again.',
  '25P03':
    'The server ended a transaction that had been idle for too long: this process was stopped or very slow.',
};

/** SQLSTATEs of two transactions in each other's way: serialization_failure, deadlock_detected. */
const CONFLICTS = new Set(['40001', '40P01']);

/** Of one that waited longer than the server lets it: lock_not_available, query_canceled (by a time limit). */
const WAITED_TOO_LONG = new Set(['55P03', '57014']);

/** Node's codes for "there is nobody at the other end". */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ENOENT',
  'EACCES',
]);

/** Whether another transaction was in the way of this one, which changed nothing and may be run again. */
export function isConflict(error: unknown): error is DatabaseError {
  return hasCodeOf(error, CONFLICTS);
}

/**
 * An error of pg as ours where the connection or the company is to blame; everything else unchanged,
 * so that the caller can look at the SQLSTATE.
 * @param place host:port/database
 */
export function databaseFailure(error: unknown, place: string): unknown {
  if (error instanceof EngineError) return error;
  if (hasCodeOf(error, WAITED_TOO_LONG)) return databaseBusy(error, place);
  if (error instanceof DatabaseError) {
    const hint =
      error.code === undefined
        ? undefined
        : (TURNED_AWAY[error.code] ?? (error.code.startsWith('08') ? HINT_RUNNING : undefined));
    return hint === undefined ? error : unreachable(place, error.message, hint, error);
  }
  // By kind, not by class: jest gives its tests an Error of their own, and Node throws another.
  if (!types.isNativeError(error)) return error;
  const reason = networkReason(error);
  return reason === undefined ? error : unreachable(place, reason, HINT_RUNNING, error);
}

/** A conflict that did not pass by itself, or a wait that the server ended. Nothing was changed. */
export function databaseBusy(error: DatabaseError, place: string): EngineError {
  return new EngineError('DATABASE_BUSY', {
    where: { object: place },
    found: error.message,
    hint: 'Try again in a moment. If it stays so, `select * from pg_stat_activity` shows which session holds what others wait for.',
    retry: 'later',
    cause: error,
  });
}

function networkReason(error: Error): string | undefined {
  // Node tries every address of a host name and reports them together.
  const parts: unknown[] =
    'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  for (const part of parts) {
    if (
      types.isNativeError(part) &&
      'code' in part &&
      typeof part.code === 'string' &&
      NETWORK.has(part.code)
    )
      return part.message;
  }
  // pg has no code for these; the texts are those of pg 8's client.js and pg-pool.
  return /Connection terminated|Client has encountered a connection error|timeout expired|timeout exceeded when trying to connect|Client was closed|not queryable|does not support SSL|password must be a string/i.test(
    error.message,
  )
    ? error.message
    : undefined;
}

function unreachable(place: string, found: string, hint: string, cause: unknown): EngineError {
  return new EngineError('DATABASE_UNREACHABLE', {
    where: { object: place },
    found,
    hint,
    retry: 'later',
    cause,
  });
}

function hasCodeOf(error: unknown, codes: ReadonlySet<string>): error is DatabaseError {
  return error instanceof DatabaseError && error.code !== undefined && codes.has(error.code);
}
