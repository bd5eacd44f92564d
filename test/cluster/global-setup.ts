/**
 * Before the tests on the cluster: PostgreSQL, and the programs of the cluster, which may take minutes
 * that no test should pay. The cluster itself comes up when the first test asks for it.
 */
import path from 'node:path';

import databaseSetup, { teardowns } from '../engine/global-setup';
import { wipe } from './bring-up';
import { isOwnCluster, isTestInstance, withInstance } from './cluster';
import { FileLock } from './file-lock';
import { existingInstance, instanceNames, STATE_FOLDER } from './instance';
import { ensurePrograms } from './programs';
import { whyNoCluster } from './requirements';

export default async function globalSetup(): Promise<void> {
  await databaseSetup();
  if (!isOwnCluster || whyNoCluster() !== undefined) return;
  await ensurePrograms(line => process.stderr.write(`cluster: ${line}\n`));
  if (process.env.VM_MIGRATE_TEST_CLUSTER !== undefined) return;
  // Runs of jest share the clusters of their workers; the last one to end takes them away.
  const users = path.join(STATE_FOLDER, '.tests.users');
  const use = await FileLock.take(users, '--shared');
  teardowns().push(async () => {
    await use?.release();
    const last = await FileLock.take(users, '--exclusive', '--nonblock');
    if (last !== undefined) await Promise.all(instanceNames().filter(isTestInstance).map(wipeIt));
    await last?.release();
  });
}

async function wipeIt(name: string): Promise<void> {
  const instance = existingInstance(name);
  if (instance !== undefined) await withInstance(name, () => wipe(instance));
}
