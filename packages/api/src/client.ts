/**
 * The operations over HTTP, for a terminal, a page and another backend: one method with the types of
 * the operations list, and the events as they happen. Errors come back as the engine threw them.
 */
import type { OperationAnswers } from './answers';
import { ApiError, type ErrorDataView } from './errors';
import { watchEvents, type Request, type WatchOptions } from './watch-events';
import type { OperationInput, OperationName } from './operations';
import { ENTITIES_PATH, operationPath } from './routes';
import type { EventView } from './views';
import type { VmEntitiesInput, VmEntitiesView } from './vm-entities';

export interface ClientOptions {
  /** Of the plugin, as `https://backstage.example.com/api/vm-migrate`; asked for before each call. */
  readonly baseUrl: () => Promise<string> | string;
  /** Adds the person's token where it is one that does; the global fetch when absent. */
  readonly fetch?: typeof fetch;
  /** Asked for before each call, so that one that ends is renewed. */
  readonly token?: () => Promise<string | undefined> | string | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ApiClient {
  /** @throws ApiError */
  call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    options?: CallOptions,
  ): Promise<OperationAnswers[Name]>;
  /** Events until the signal; see watch-events.ts. @throws ApiError when they may not be read */
  events(options: WatchOptions): AsyncIterable<EventView>;
}

export function apiClient(options: ClientOptions): ApiClient {
  const request: Request = (path, init) => send(options, path, init);
  const call: ApiClient['call'] = async (name, input, how) =>
    (await post(request, operationPath(name), input, how)) as OperationAnswers[typeof name];
  return { call, events: how => watchEvents({ request, call }, how) };
}

/**
 * Says which entities VMs are; only Backstage's catalog plugin may.
 * @throws ApiError
 */
export async function setVmEntities(
  options: ClientOptions,
  input: VmEntitiesInput,
  how?: CallOptions,
): Promise<VmEntitiesView> {
  const request: Request = (path, init) => send(options, path, init);
  return (await post(request, ENTITIES_PATH, input, how)) as VmEntitiesView;
}

async function post(
  request: Request,
  path: string,
  input: object,
  { signal }: CallOptions = {},
): Promise<unknown> {
  const answer = await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
    ...(signal === undefined ? {} : { signal }),
  });
  return json(answer);
}

async function send(
  { baseUrl, fetch: ownFetch = fetch, token }: ClientOptions,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const base = (await baseUrl()).replace(/\/+$/, '');
  const secret = await token?.();
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json, text/event-stream');
  if (secret !== undefined) headers.set('authorization', `Bearer ${secret}`);
  let answer: Response;
  try {
    // A redirect would take the token and the body elsewhere, or turn a POST into a GET.
    answer = await ownFetch(`${base}${path}`, { ...init, headers, redirect: 'error' });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw unreachable(base, causeOf(error));
  }
  if (!answer.ok) throw await errorOf(answer, base);
  return answer;
}

async function json(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    throw unreachable(answer.url, `an answer with status ${answer.status} that is no JSON`);
  }
}

/** From an answer that is an error, whoever wrote it: the plugin, Backstage before it, a proxy before that. */
async function errorOf(answer: Response, base: string): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => undefined);
  const error = field(body, 'error');
  const code = field(error, 'code');
  if (typeof code === 'string') {
    const { name: _sameAsCode, ...data } = error as ErrorDataView & { name?: string };
    return new ApiError(data, answer.status);
  }
  const message = field(error, 'message');
  const said = typeof message === 'string' ? message : `status ${answer.status}`;
  switch (answer.status) {
    case 401:
      return own('NOT_SIGNED_IN', answer.status, {
        found: said,
        hint: 'Set VM_MIGRATE_API_TOKEN to a token that is valid now, or sign in again.',
      });
    case 403:
      return own('ACCESS_DENIED', answer.status, { found: said });
    case 413:
      return own('USAGE', answer.status, { expected: 'a smaller request', found: said });
    case 429:
      return own('TOO_MANY_REQUESTS', answer.status, { found: said, retry: 'later' });
    default:
      return unreachable(base, said, answer.status);
  }
}

const MEANING = {
  NOT_SIGNED_IN: 'The backend does not know who asks.',
  ACCESS_DENIED: 'You may not do that.',
  USAGE: 'The request has an error.',
  TOO_MANY_REQUESTS: 'Too many changes were asked for in a short time.',
  API_UNREACHABLE: 'The backend does not answer as vm-migrate.',
} as const;

function own(
  code: keyof typeof MEANING,
  status: number | undefined,
  details: Omit<ErrorDataView, 'code' | 'message'>,
): ApiError {
  return new ApiError(
    { code, message: `${MEANING[code]} Found: ${details.found ?? ''}.`, ...details },
    status,
  );
}

function unreachable(base: string, found: string, status?: number): ApiError {
  return own('API_UNREACHABLE', status, {
    where: { object: base },
    expected: 'the vm-migrate plugin of a Backstage backend',
    found,
    hint: 'Check the address and that the backend runs; what was asked for may have been done, and can be asked for again.',
    retry: 'later',
  });
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
