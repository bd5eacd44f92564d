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
  const canceled = await startPaused(api, 'ldap-2');
  await api.call('cancel', { migration: canceled, objects: 'remove-all' });

  const migrated = await start(api, 'wiki');
  await reaches(api, migrated, ({ state }) => state === 'migrated');
  await api.call('verify', { migration: migrated });

  const failed = await startPaused(api, 'build-agent-7');
  takeAway(path.join(vmsFolder, 'build-agent-7', 'build-agent-7-000002.vmdk'));
  await api.call('resume', { migration: failed });
  await reaches(api, failed, ({ state }) => state === 'failed');

  await api.call('setLimit', { scope: 'all', bytesPerSecond: 12 * MIB });
  const paused = await start(api, 'erp-db');
  await reaches(api, paused, ({ snapshots }) => snapshots.ready >= 5);
  await api.call('pause', { migration: paused });
  await until(async () => {
    const { steps } = await api.call('getQueue', { migration: paused, states: ['running'] });
    return steps.length === 0;
  }, PATIENCE_MS);
  return { paused, failed, migrated };
}

/** One that is seen at work for a minute. */
export async function setRunning(api: ApiClient): Promise<Pick<Scene, 'running' | 'waiting'>> {
  const waiting = await startPaused(api, 'mail-archive');
  await api.call('setLimit', { scope: 'all', bytesPerSecond: 24 * MIB });
  const running = await start(api, 'web-shop-1');
  await reaches(api, running, ({ snapshots }) => snapshots.ready >= 5);
  await api.call('setLimit', { scope: 'all', bytesPerSecond: 1.5 * MIB });
  return { running, waiting };
}

/** And one behind it, that waits for its place. */
export async function setWaiting(api: ApiClient, { waiting }: Scene): Promise<void> {
  await api.call('setLimit', { scope: 'all', maxRunning: 1 });
  await api.call('resume', { migration: waiting });
}

async function start(api: ApiClient, vm: string): Promise<string> {
  return (await api.call('start', { vm: `demo/${vm}` })).migration;
}

async function startPaused(api: ApiClient, vm: string): Promise<string> {
  return (await api.call('start', { vm: `demo/${vm}`, begin: 'when-resumed' })).migration;
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
