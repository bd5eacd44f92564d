/** What requests to an API server are written as, and how their answers are read. */
import { EngineError } from '../../../errors';
import type { ListQuery } from './cluster-api';
import type { ApiAnswer } from './transport';

export interface ListBody<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
}

export function selectors({ labels, fields }: ListQuery): Record<string, string | undefined> {
  return { labelSelector: selectorOf(labels), fieldSelector: selectorOf(fields) };
}

function selectorOf(equal: Readonly<Record<string, string>> | undefined): string | undefined {
  if (equal === undefined) return undefined;
  return Object.entries(equal)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** `?key=value&...`, without what is undefined; empty when nothing is left. */
export function searchOf(values: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== undefined) search.set(key, value);
  return search.size === 0 ? '' : `?${search.toString()}`;
}

/** @throws EngineError CLUSTER_UNREACHABLE when something else than an API server answered */
export function parse<T>(answer: ApiAnswer, what: string): T {
  try {
    return JSON.parse(answer.text) as T;
  } catch (thrown) {
    throw new EngineError('CLUSTER_UNREACHABLE', {
      where: { object: what },
      expected: 'JSON of an API server',
      found: answer.text.slice(0, 200),
      cause: thrown,
      retry: 'later',
    });
  }
}

/**
 * JSON of an object that is applied. A null would be owned like any value, and would be one more
 * thing that nobody sees: what is absent is left out.
 * @throws EngineError INTERNAL
 */
export function withoutNulls(object: object, what: string): string {
  return JSON.stringify(object, (key, value: unknown) => {
    if (value !== null) return value;
    throw new EngineError('INTERNAL', { where: { object: what }, found: `null at ${key}` });
  });
}
