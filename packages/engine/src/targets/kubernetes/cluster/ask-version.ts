/** One question, asked once: is there an API server, of which version, and what time is it there. */
import { EngineError } from '../../../errors';
import { apiError, connectionError, readFailure } from './api-errors';
import { type ClusterAddress, loadCredentials } from './credentials';
import { Transport } from './transport';

export interface ServerFacts {
  readonly server: string;
  readonly namespace: string;
  /** `v1.34.2`. */
  readonly version: string;
  /** How far its clock is ahead of ours; a Date header has whole seconds. `undefined`: it sent none. */
  readonly aheadMs: number | undefined;
}

/** @throws EngineError CONFIG_INVALID, CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN */
export async function askVersion(address: ClusterAddress, timeoutMs: number): Promise<ServerFacts> {
  const credentials = await loadCredentials(address);
  const transport = new Transport(credentials, timeoutMs);
  const what = 'get /version';
  try {
    const askedAt = Date.now();
    const answer = await transport.send({ method: 'GET', path: '/version' });
    const middle = (askedAt + Date.now()) / 2;
    if (answer.status !== 200)
      throw apiError(readFailure(answer.status, answer.text, answer.headers), what);
    const { gitVersion } = JSON.parse(answer.text) as { readonly gitVersion?: string };
    const { date } = answer.headers;
    return {
      server: credentials.server,
      namespace: credentials.namespace,
      version: gitVersion ?? 'of no version',
      // On average half a second has passed since the second that it says.
      aheadMs: date === undefined ? undefined : Math.round(Date.parse(date) + 500 - middle),
    };
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    throw connectionError(thrown, what, credentials.server);
  } finally {
    transport.close();
  }
}
