/** Somebody has to work: without a worker that answers, nothing moves. */
import { workers } from '../store/places';
import { ok, warning, type Check } from './check';

const SILENT_MS = 15_000;

export const checkBackgroundWorkers: Check = async ({ database, version }) => {
  if (database === undefined) return [];
  const all = await workers(database);
  const awake = all.filter(({ silentMs }) => silentMs < SILENT_MS);
  const start = 'Start one: kubectl vm-migrate worker';
  if (awake.length === 0)
    return [
      warning(
        'workers',
        all.length === 0 ? 'none' : `${all.length}, all silent for more than ${SILENT_MS / 1000} s`,
        start,
      ),
    ];
  const others = awake.filter(worker => worker.version !== version);
  const words = `${awake.length} at work${all.length > awake.length ? `, ${all.length - awake.length} silent` : ''}`;
  if (others.length === 0) return [ok('workers', words)];
  return [
    warning(
      'workers',
      `${words}; ${others.map(({ id, version: theirs }) => `${id} is of version ${theirs}`).join(', ')}, this program of ${version}`,
      'Workers of one minor version share a database. Restart those that are older.',
    ),
  ];
};
