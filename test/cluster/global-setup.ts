/**
 * Before the tests on the cluster: PostgreSQL, and the programs of the cluster, which may take minutes
 * that no test should pay. The cluster itself comes up when the first test asks for it.
 */
import path from 'node:path';

import databaseSetup, { teardowns } from '../engine/global-setup';
import { wipe } from './bring-up';
import { isOwnCluster, withInstance } from './cluster';
import { FileLock } from './file-lock';
import { existingInstance, STATE_FOLDER } from './instance';
import { ensurePrograms } from './programs';
import { whyNoCluster } from './requirements';

export default async function globalSetup(): Promise<void> {
  await databaseSetup();
  if (!isOwnCluster || whyNoCluster() !== undefined) return;
  await ensurePrograms(line => process.stderr.write(`cluster: ${line}\n`));
  if (process.env.VM_MIGRATE_TEST_CLUSTER !== undefined) return;
  // Runs of jest share the cluster; the last one to end takes it away.
  const users = path.join(STATE_FOLDER, '.tests.users');
  const use = await FileLock.take(users, '--shared');
  teardowns().push(async () => {
    await use?.release();
    const last = await FileLock.take(users, '--exclusive', '--nonblock');
    const instance = existingInstance('tests');
    if (last !== undefined && instance !== undefined) {
      await withInstance('tests', () => wipe(instance));
    }
    await last?.release();
  });
}
