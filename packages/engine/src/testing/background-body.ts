/**
 * The program that background-process.engine.test.ts starts, bundled: the real body of the
 * background process with nothing to do. Arguments: state folder, idle time in ms, and with what
 * to fail, if at all.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { installQueueSchema } from '../queue/graphile-queue';
import { runBackground } from '../store/background-process';
import { openDatabase } from '../store/database';
import { migrateSchema } from '../store/migrate-schema';

async function main(
  stateFolder: string,
  idleMs: number,
  failure: string | undefined,
): Promise<void> {
  const end = await runBackground(stateFolder, {
    idleMs,
    isIdle: () => true,
    async onReady(url) {
      if (failure !== undefined) throw new Error(failure);
      // One line for each start: what the test counts.
      appendFileSync(path.join(stateFolder, 'starts'), `${process.pid}\n`);
      const database = await openDatabase({
        url,
        applicationName: 'test background',
        maxConnections: 2,
      });
      await migrateSchema(database, { installQueue: installQueueSchema });
      return { stop: () => database.close() };
    },
  });
  console.log(`ended: ${end}`);
}

const [stateFolder, idleMs, failure] = process.argv.slice(2);
main(stateFolder ?? '', Number(idleMs), failure).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
