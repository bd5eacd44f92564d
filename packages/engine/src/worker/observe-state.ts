/** What the metrics of a worker show of the database and of itself; asked for when somebody looks. */
import { observe, type Observation } from '../metrics/observe';
import type { Database } from '../store/database';
import { stateCounts, type StateCounts } from '../store/state-counts';
import type { Vitals } from './vitals';

export interface ObservedWorker {
  readonly database: Database;
  readonly vitals: Vitals;
  readonly busy: () => number;
  readonly deadAfterMs: number;
}

/** Several that look at once, or often, cost one statement. */
const COUNTS_MS = 5_000;

/** Until the returned function is called. */
export function observeState({ database, vitals, busy, deadAfterMs }: ObservedWorker): () => void {
  let counts: { readonly read: Promise<StateCounts>; readonly until: number } | undefined;
  const ofDatabase = async (): Promise<readonly Observation[]> => {
    if (counts === undefined || counts.until < performance.now())
      counts = {
        read: stateCounts(database, deadAfterMs),
        until: performance.now() + COUNTS_MS,
      };
    const seen = await counts.read;
    return [
      ...seen.steps.map(({ kind, state, count }) => gauge('steps', count, { kind, state })),
      ...seen.layers.map(({ flag, count }) => gauge('layers', count, { flag })),
      ...seen.migrations.map(({ state, count }) => gauge('migrations', count, { state })),
      gauge('queueDepth', seen.queueDepth),
      gauge('queueAge', seen.queueAgeMs / 1_000),
      gauge('waitAge', seen.waitAgeMs / 1_000),
      gauge('workers', seen.workers),
    ];
  };
  const ofItself = (): readonly Observation[] => {
    const { totalCount, idleCount, waitingCount } = database.pool;
    const pool = { 'db.client.connection.pool.name': 'vm-migrate' };
    const state = (name: string) => ({ ...pool, 'db.client.connection.state': name });
    return [
      gauge('stepsHeld', busy()),
      gauge('heartbeatAge', vitals.heartbeatAgeMs() / 1_000),
      gauge('connections', idleCount, state('idle')),
      gauge('connections', totalCount - idleCount, state('used')),
      gauge('connectionsAwaited', waitingCount, pool),
    ];
  };
  const ends = [
    observe(
      ['steps', 'layers', 'migrations', 'queueDepth', 'queueAge', 'waitAge', 'workers'],
      ofDatabase,
    ),
    observe(['stepsHeld', 'heartbeatAge', 'connections', 'connectionsAwaited'], ofItself),
  ];
  return () => ends.forEach(end => end());
}

function gauge(
  name: Observation['gauge'],
  value: number,
  attributes?: Observation['attributes'],
): Observation {
  return { gauge: name, value, ...(attributes && { attributes }) };
}
