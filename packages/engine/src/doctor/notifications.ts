/** Workers and watchers are woken by LISTEN; a pooler in transaction mode swallows it. */
import { randomUUID } from 'node:crypto';
import { failed, ok, type Check, type DoctorCheck } from './check';
import { EngineError } from '../errors';

const CHANNEL = 'vm_migrate_doctor';
const PATIENCE_MS = 5_000;

export const checkNotifications: Check = async ({ database }) => {
  if (database === undefined) return [];
  const token = randomUUID();
  const began = performance.now();
  const heard = Promise.withResolvers<DoctorCheck>();
  const unlisten = await database.listen(CHANNEL, payload => {
    if (payload === token)
      heard.resolve(
        ok(
          'notifications',
          `LISTEN and NOTIFY work (${Math.max(1, Math.round(performance.now() - began))} ms)`,
        ),
      );
  });
  const timer = setTimeout(() => heard.resolve(failed('notifications', silence())), PATIENCE_MS);
  try {
    await database.query('select pg_notify($1, $2)', [CHANNEL, token]);
    return [await heard.promise];
  } finally {
    clearTimeout(timer);
    await unlisten();
  }
};

function silence(): EngineError {
  return new EngineError('DATABASE_UNSUITABLE', {
    expected: 'LISTEN and NOTIFY to work',
    found: `no notification within ${PATIENCE_MS / 1000} s`,
    hint: 'Connect to the server itself, or to a pooler in session mode: transaction mode loses LISTEN.',
  });
}
