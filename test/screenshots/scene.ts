/** One migration in each state, so that every page of the tour has something to show. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { ApiClient, MigrationView } from '@vm-migrate/api';
import { until } from '../kill/until';

const MIB = 1024 * 1024;
const PATIENCE_MS = 180_000;

/** Ids, by what they show. */
export interface Scene {
  readonly running: string;
  readonly waiting: string;
  readonly paused: string;
  readonly failed: string;
  readonly migrated: string;
}

/** Those that have come to rest. */
export async function setScene(
  api: ApiClient,
  vmsFolder: string,
): Promise<Omit<Scene, 'running' | 'waiting'>> {
  const start = async (vm: string) => (await api.call('start', { vm: `demo/${vm}` })).migration;
  const startPaused = async (vm: string) =>
    (await api.call('start', { vm: `demo/${vm}`, begin: 'when-resumed' })).migration;

  const canceled = await startPaused('ldap-2');
  await api.call('cancel', { migration: canceled, objects: 'remove-all' });

  const migrated = await start('wiki');
  await reaches(api, migrated, ({ state }) => state === 'migrated');
  await api.call('verify', { migration: migrated });

  const failed = await startPaused('build-agent-7');
  takeAway(path.join(vmsFolder, 'build-agent-7', 'build-agent-7-000002.vmdk'));
  await api.call('resume', { migration: failed });
  await reaches(api, failed, ({ state }) => state === 'failed');

  await api.call('setLimit', { scope: 'all', bytesPerSecond: 12 * MIB });
  const paused = await start('erp-db');
  await reaches(api, paused, ({ snapshots }) => snapshots.ready >= 5);
  await api.call('pause', { migration: paused });
  await until(async () => {
    const { steps } = await api.call('getQueue', { migration: paused, states: ['running'] });
    return steps.length === 0;
  }, PATIENCE_MS);
  return { paused, failed, migrated };
}

/** One that is seen at work for a minute, and one behind it that waits. */
export async function setMoving(api: ApiClient): Promise<Pick<Scene, 'running' | 'waiting'>> {
  await api.call('setLimit', { scope: 'all', bytesPerSecond: 24 * MIB });
  const running = (await api.call('start', { vm: 'demo/web-shop-1' })).migration;
  await reaches(api, running, ({ snapshots }) => snapshots.ready >= 5);
  await api.call('setLimit', { scope: 'all', maxRunning: 1, bytesPerSecond: 2 * MIB });
  const waiting = (await api.call('start', { vm: 'demo/mail-archive' })).migration;
  return { running, waiting };
}

async function reaches(
  api: ApiClient,
  migration: string,
  isThere: (view: MigrationView) => boolean,
): Promise<void> {
  await until(async () => {
    const [view] = await api.call('getMigrations', { migration });
    return view !== undefined && isThere(view);
  }, PATIENCE_MS);
}

function takeAway(file: string): void {
  if (!existsSync(file))
    throw new Error(`no ${file} among ${readdirSync(path.dirname(file)).join(', ')}`);
  renameSync(file, `${file}.away`);
}
