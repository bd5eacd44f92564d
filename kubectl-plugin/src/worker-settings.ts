/** Settings of a worker that a person may want to change: in flags, or in the environment for the background process. */
import type { WorkerSettings } from '@vm-migrate/engine';
import { UsageError } from './usage-error';
import type { OptionTable } from './tables';

export const WORKER_OPTIONS = {
  concurrency: { type: 'number', describe: 'Steps at a time that do not copy (8)' },
  'lease-seconds': {
    type: 'number',
    describe:
      'Another worker takes over after so long a silence (60; also VM_MIGRATE_LEASE_SECONDS)',
  },
} as const satisfies OptionTable;

const SHORTEST_LEASE_SECONDS = 2;

/** @throws UsageError */
export function workerSettings({
  concurrency,
  leaseSeconds,
}: {
  readonly concurrency?: number | undefined;
  readonly leaseSeconds?: number | undefined;
}): Partial<WorkerSettings> {
  const fromEnvironment = process.env['VM_MIGRATE_LEASE_SECONDS'] ?? '';
  const seconds = leaseSeconds ?? (fromEnvironment === '' ? undefined : Number(fromEnvironment));
  if (seconds !== undefined && !(seconds >= SHORTEST_LEASE_SECONDS))
    throw new UsageError(
      `a lease of ${seconds} s is too short`,
      `At least ${SHORTEST_LEASE_SECONDS} s; 60 s when nothing is said.`,
    );
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0))
    throw new UsageError('--concurrency takes a whole number above 0', 'As in: --concurrency 8');
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(seconds === undefined ? {} : { leaseMs: seconds * 1_000, deadAfterMs: seconds * 1_000 }),
  };
}
