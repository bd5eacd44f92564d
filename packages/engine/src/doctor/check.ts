/** The contract of this folder: a check looks at one thing, changes nothing, and says what to do. */
import type { Config } from '../config';
import { toEngineError } from '../errors';
import type { Database } from '../store/database';

export interface DoctorCheck {
  /** What was looked at: `database`, `source lab`, `class fast`. */
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was seen. */
  readonly found: string;
  /** What to do; for all but `ok`. */
  readonly remedy?: string;
  /** To paste: what does it, or shows more. */
  readonly command?: string;
}

export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

export interface DoctorOptions {
  readonly version: string;
  readonly moverProgram: string;
  readonly config: Outcome<Config>;
  /** Undefined: not tried, because the configuration is wrong. */
  readonly database: Outcome<Database> | undefined;
  /** Storage classes that are proved now, which writes and removes probe volumes. Absent: none. */
  readonly probe?: 'all' | readonly string[];
  /** Only this target. Absent: all. */
  readonly target?: string;
  /** Image of mover pods that is checked instead of the configured one. */
  readonly moverImage?: string;
}

/** What a check is given; the database only where there is one. */
export interface CheckContext {
  readonly version: string;
  readonly moverProgram: string;
  readonly config: Config | undefined;
  readonly database: Database | undefined;
  readonly probe?: DoctorOptions['probe'];
  readonly target?: string;
  readonly moverImage?: string;
}

export type Check = (context: CheckContext) => Promise<readonly DoctorCheck[]>;

export function ok(name: string, found: string): DoctorCheck {
  return { name, state: 'ok', found };
}

export function warning(name: string, found: string, remedy: string): DoctorCheck {
  return { name, state: 'warning', found, remedy };
}

/** @param remedy where the error has no hint */
export function failed(
  name: string,
  error: unknown,
  remedy = 'Its code is explained by the command below.',
): DoctorCheck {
  const { message, hint, code } = toEngineError(error);
  return {
    name,
    state: 'failed',
    found: message,
    remedy: hint ?? remedy,
    command: `kubectl vm-migrate explain ${code}`,
  };
}
