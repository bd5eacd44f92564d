/**
 * Errors as they travel: the data of the engine's EngineError, with the HTTP status of each code. A
 * status is for proxies and browsers; programs look at the code.
 */
import type { ErrorView } from './views';

/** One entry for each code of the engine; a test of the engine compares the two lists. */
export const ERROR_STATUS = {
  FILE_MISSING: 422,
  FILE_UNREADABLE: 422,
  FILE_OUTSIDE_ROOT: 422,
  FILE_CHANGED: 409,
  DESCRIPTOR_INVALID: 422,
  LAYER_DAMAGED: 422,
  LAYER_UNSUPPORTED: 422,
  LAYER_UNCLEAN: 422,
  CHAIN_BROKEN: 422,
  SOURCE_UNREACHABLE: 502,
  SOURCE_REFUSED: 502,
  SOURCE_UNSUITABLE: 502,
  VM_INVALID: 422,
  VM_NOT_FOUND: 404,
  VM_AMBIGUOUS: 409,
  PLAN_INVALID: 422,
  PLAN_BLOCKED: 409,
  PLAN_CHANGED: 409,
  CLASS_NOT_FOUND: 404,
  CLASS_WITHOUT_SNAPSHOTS: 422,
  CLASS_PROBE_FAILED: 422,
  SPACE_SHORT: 409,
  VOLUME_BUSY: 409,
  VOLUME_FOREIGN: 409,
  VOLUME_UNEXPECTED: 409,
  VOLUME_FULL: 507,
  VOLUME_IO: 502,
  VOLUME_MISSING: 409,
  VERIFY_MISMATCH: 409,
  MOVER_FAILED: 500,
  MOVER_STOPPED: 409,
  MOVER_VERSION: 500,
  CLUSTER_UNREACHABLE: 502,
  CLUSTER_FORBIDDEN: 502,
  CLUSTER_REFUSED: 502,
  CLUSTER_STUCK: 504,
  DATABASE_UNREACHABLE: 503,
  DATABASE_BUSY: 503,
  DATABASE_NEWER: 503,
  DATABASE_UNSUITABLE: 503,
  EMBEDDED_FAILED: 503,
  STORE_CONFLICT: 409,
  NOT_FOUND: 404,
  STATE_REFUSED: 409,
  CONFIG_INVALID: 500,
  USAGE: 400,
  NOT_SIGNED_IN: 401,
  ACCESS_DENIED: 403,
  TOO_MANY_REQUESTS: 429,
  API_UNREACHABLE: 502,
  TIMED_OUT: 504,
  INTERNAL: 500,
} as const satisfies Readonly<Record<string, number>>;

export type ErrorCodeView = keyof typeof ERROR_STATUS;

/** Everything that an EngineError says; what a terminal prints and a page shows. */
export interface ErrorDataView extends ErrorView {
  readonly expected?: string;
  readonly found?: string;
  /** Whether trying the same thing again can help. */
  readonly retry?: 'later' | 'never';
}

/** The body of every answer that is an error. `error.name` is the code again, where Backstage's own clients look. */
export interface ErrorBody {
  readonly error: ErrorDataView & { readonly name: string };
  readonly response: { readonly statusCode: number };
}

/** The body of an answer that Backstage gives before it asks the plugin: without a token that it knows. */
export interface HostErrorBody {
  readonly error: { readonly name: string; readonly message: string };
  readonly response: { readonly statusCode: number };
}

/** 500 for a code that this version does not know. */
export function statusOf(code: string): number {
  return code in ERROR_STATUS ? ERROR_STATUS[code as ErrorCodeView] : 500;
}

export function errorBody(error: ErrorDataView): ErrorBody {
  return { error: { name: error.code, ...error }, response: { statusCode: statusOf(error.code) } };
}

/** What a client throws: the same data that the engine threw at the other end. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly data: ErrorDataView,
    /** Of the answer; undefined when there was none. */
    readonly status?: number,
  ) {
    super(data.message);
  }

  get code(): string {
    return this.data.code;
  }
}
