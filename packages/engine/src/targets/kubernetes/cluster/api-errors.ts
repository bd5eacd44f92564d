/** What an API server's refusal means, in our codes. */
import { EngineError, type ErrorCode } from '../../../errors';

/** The server's answer to a request that did not succeed: a metav1.Status, or whatever a proxy said. */
export interface ApiFailure {
  readonly status: number;
  /** `AlreadyExists`, `Conflict`, `Forbidden`, ...; empty when it was no Status. */
  readonly reason: string;
  readonly message: string;
  /** From the header Retry-After, else from the Status's details. */
  readonly retryAfterMs?: number;
}

export function readFailure(
  status: number,
  body: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ApiFailure {
  const parsed = parseStatus(body);
  const header = headers['retry-after'];
  const seconds = Number(typeof header === 'string' ? header : parsed?.details?.retryAfterSeconds);
  return {
    status,
    reason: parsed?.reason ?? '',
    message: parsed?.message ?? (body.trim().slice(0, 500) || `HTTP ${status}`),
    ...(seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {}),
  };
}

interface StatusBody {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

function parseStatus(body: string): StatusBody | undefined {
  try {
    const parsed = JSON.parse(body) as StatusBody | null;
    return parsed?.kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** 429 and what says of itself that it may pass. A 500 may be an admission webhook that is restarting. */
export function isPassing({ status }: ApiFailure): boolean {
  return status === 429 || status >= 500;
}

/** @param what for example `create PersistentVolumeClaim web-0 in namespace vms` */
export function apiError(failure: ApiFailure, what: string): EngineError {
  const { status, message } = failure;
  const where = { object: what };
  const found = `${status} ${failure.reason} ${message}`.replace(/ +/g, ' ');
  if (isPassing(failure)) {
    return new EngineError('CLUSTER_UNREACHABLE', {
      where,
      found,
      hint: 'The API server answers, but cannot serve. It is asked again by itself.',
      retry: 'later',
    });
  }
  if (status === 401) {
    return new EngineError('CLUSTER_FORBIDDEN', {
      where,
      found,
      hint: 'The login is missing or has ended: see that kubectl works with the same kubeconfig and context.',
    });
  }
  return new EngineError(codeOf(failure), { where, found, ...hintOf(failure) });
}

function codeOf({ status, reason, message }: ApiFailure): ErrorCode {
  // Admission (PodSecurity, quota, webhooks) answers 403 as well; only the authorizer's text has "cannot VERB resource".
  if (status === 403)
    return / cannot \w+ (resource|path) /.test(message) ? 'CLUSTER_FORBIDDEN' : 'CLUSTER_REFUSED';
  if (status === 404 || reason === 'NotFound') return 'NOT_FOUND';
  return 'CLUSTER_REFUSED';
}

function hintOf({ status, message }: ApiFailure): { hint?: string; retry?: 'later' } {
  if (/exceeded quota/.test(message)) {
    return {
      hint: 'Raise the ResourceQuota of the namespace, or free what it counts; then it goes on by itself.',
      retry: 'later',
    };
  }
  if (/^namespaces "[^"]*" not found/.test(message))
    return { hint: 'Create the namespace first, or configure another one.' };
  if (/being terminated/.test(message)) return { hint: 'The namespace is being deleted.' };
  if (status === 403 && / cannot \w+ (resource|path) /.test(message))
    return { hint: '`kubectl vm-migrate doctor` names the Role and the verbs that are needed.' };
  return {};
}

/** A connection that failed, was cut or took too long. */
export function connectionError(thrown: unknown, what: string, server: string): EngineError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const cause = (error as NodeJS.ErrnoException).code;
  return new EngineError('CLUSTER_UNREACHABLE', {
    where: { object: `${server}, ${what}` },
    found:
      cause === undefined || error.message.includes(cause)
        ? error.message
        : `${cause} ${error.message}`,
    hint: 'See that kubectl reaches the cluster with the same kubeconfig and context. It is tried again by itself.',
    retry: 'later',
    cause: thrown,
  });
}
