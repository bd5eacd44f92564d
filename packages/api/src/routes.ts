/**
 * Where the operations are over HTTP, below the address of the plugin. One rule: every operation,
 * query or command, is `POST /v1/<operation>` with its input as a JSON object; the answer is the
 * operation's, as JSON. A query takes nested input (options of a plan, lists of states) that no query
 * string holds well, and names of VMs do not belong into the logs of proxies. What only streams or
 * describes is a GET.
 */
import type { OperationName } from './operations';

export const API_VERSION = 'v1';

/** Where Backstage puts the plugin below the address of its backend. */
export const BACKSTAGE_PATH = '/api/vm-migrate';

export function operationPath(name: OperationName): string {
  return `/${API_VERSION}/${name}`;
}

/** Server-sent events; query `after` (cursor; absent: from now on) and `migration`. */
export const STREAM_PATH = `/${API_VERSION}/events`;

/** Where the catalog tells which entity a VM is: see vm-entities.ts. */
export const ENTITIES_PATH = `/${API_VERSION}/entities`;

export const OPENAPI_PATH = `/${API_VERSION}/openapi.json`;

/** Answers without a token; says no more than whether the plugin works. */
export const HEALTH_PATH = '/health';

/** A comment on the stream, so that proxies and clients can tell quiet from gone. */
export const STREAM_BEAT_MS = 15_000;
