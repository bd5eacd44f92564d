/** The log of a container as lines, while it runs or as it stands. */
import { EngineError } from '../../../errors';
import { connectionError } from './api-errors';
import type { ApiRequests } from './api-requests';
import type { LogOptions } from './cluster-api';
import { searchOf } from './request-text';
import { POD, resourcePath } from './resources';
import { linesOf } from './transport';

/** As ClusterApi.podLog promises. An earlier request told the namespace. */
export async function* readPodLog(
  requests: ApiRequests,
  pod: string,
  options: LogOptions,
): AsyncGenerator<string> {
  const { container, follow, sinceTime, tailLines, timestamps } = options;
  const search = searchOf({
    container,
    sinceTime,
    follow: follow ? 'true' : undefined,
    timestamps: timestamps ? 'true' : undefined,
    tailLines: tailLines === undefined ? undefined : String(tailLines),
  });
  const what = `read the log of pod ${pod} in namespace ${requests.namespace}`;
  const own = new AbortController();
  const signals = [own.signal, requests.signal];
  const signal = AbortSignal.any(
    options.signal === undefined ? signals : [...signals, options.signal],
  );
  try {
    const answer = await requests.openStream(
      resourcePath(POD, requests.namespace, pod, 'log') + search,
      what,
      // A mover speaks several times a second while it copies. A dead connection says nothing either:
      // whoever follows asks again from the last line on.
      { signal, idleMs: follow === true ? 150_000 : 60_000 },
    );
    yield* linesOf(answer);
  } catch (thrown) {
    if (thrown instanceof EngineError || signal.aborted) throw thrown;
    throw connectionError(thrown, what, await requests.server());
  } finally {
    own.abort();
  }
}
