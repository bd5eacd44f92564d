/**
 * One PostgreSQL for a run of jest: embedded, or the one of VM_MIGRATE_TEST_SERVER_URL. Started
 * before the workers, which get its URL by the environment.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedServer } from '../../packages/engine/src/store/embedded-server';
import { tryLock } from '../../packages/engine/src/store/process-lock';
import { removeServerFolder, serverFolder } from '../../packages/engine/src/store/server-folder';
import { stopOrphan } from '../../packages/engine/src/store/orphan-server';
import { TEST_SERVER_VARIABLE } from '../../packages/engine/src/testing/test-database';

const PREFIX = 'vm-migrate-jest-';

export default async function globalSetup(): Promise<void> {
  if (process.env[TEST_SERVER_VARIABLE] !== undefined) return;
  await removeLeftOver();
  const state = mkdtempSync(path.join(os.tmpdir(), PREFIX));
  // Held as long as this jest lives, so that another run can tell its folder from a left-over one.
  const lock = tryLock(lockOf(state));
  const server = await startEmbeddedServer(state);
  process.env[TEST_SERVER_VARIABLE] = server.url;
  teardowns().push(async () => {
    await server.stop();
    removeServerFolder(state);
    lock?.release();
    rmSync(state, { recursive: true, force: true });
  });
}

/** Shared with global-teardown.ts, which jest loads as a module of its own. */
export function teardowns(): (() => Promise<void>)[] {
  const shared = globalThis as { vmMigrateTeardowns?: (() => Promise<void>)[] };
  return (shared.vmMigrateTeardowns ??= []);
}

/** Of runs that were killed. */
async function removeLeftOver(): Promise<void> {
  for (const name of readdirSync(os.tmpdir()).filter(entry => entry.startsWith(PREFIX))) {
    const state = path.join(os.tmpdir(), name);
    const lock = tryLock(lockOf(state));
    if (lock === undefined) continue;
    const { data, lockFile } = serverFolder(state);
    const server = tryLock(lockFile) ?? (await stopOrphan(data, () => tryLock(lockFile)));
    if (server !== undefined) removeServerFolder(state);
    server?.release();
    lock.release();
    if (server !== undefined) rmSync(state, { recursive: true, force: true });
  }
}

function lockOf(state: string): string {
  return path.join(state, 'jest.lock');
}
