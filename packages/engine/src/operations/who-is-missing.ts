/** Whom a migration waits for when no worker that lives reaches its source and its target. */
import type { Tx } from '../store/database';
import { findPlace, workers } from '../store/places';
import type { MigrationRow, PlaceRow } from '../store/store';

/** A worker beats once a second; one that has been silent for so long serves nobody now. */
const SILENT_MS = 15_000;

/** In words that follow "waits for"; null: somebody reaches both. */
export async function whoIsMissing(
  tx: Tx,
  { sourceName, targetName }: Pick<MigrationRow, 'sourceName' | 'targetName'>,
): Promise<string | null> {
  const awake = (await workers(tx)).filter(({ silentMs }) => silentMs < SILENT_MS);
  const reachesSource = awake.some(({ serves }) => serves.sources?.includes(sourceName));
  const reachesTarget = awake.some(({ serves }) => serves.targets?.includes(targetName));
  const reachesBoth = awake.some(
    ({ serves }) => serves.sources?.includes(sourceName) && serves.targets?.includes(targetName),
  );
  if (reachesBoth) return null;
  const see = '(see: kubectl vm-migrate get workers)';
  if (awake.length === 0) return `a worker: none answers ${see}`;
  const source = placeWords(await findPlace(tx, 'source', sourceName), `source ${sourceName}`);
  const target = placeWords(await findPlace(tx, 'target', targetName), `target ${targetName}`);
  if (!reachesSource && reachesTarget) return `a worker that reaches ${source} ${see}`;
  if (reachesSource && !reachesTarget) return `a worker that reaches ${target} ${see}`;
  return `a worker that reaches both ${source} and ${target} ${see}`;
}

/** What a place is and who comes there, so that a person knows where to start a worker. */
function placeWords(row: PlaceRow | undefined, what: string): string {
  if (row === undefined) return what;
  const { kind, options, host } = row;
  if (kind === 'kubernetes' && options['clusterId'] !== undefined) {
    const own = `namespace ${String(options['namespace'] ?? '?')} of cluster ${String(options['clusterId'])}`;
    return `${what}: ${host === null ? own : `on machine ${host}, or one configured for ${own}`}`;
  }
  if (host === null) return what;
  const mounted = options['pods'] === undefined ? '' : ', or one configured for the same source';
  return `${what}: on machine ${host}${mounted}`;
}
