/** A login that may do nothing but be the role that Backstage is told to work as. */
import path from 'node:path';
import type { JsonObject } from '@backstage/types';
import { Client } from 'pg';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import { emptyTestDatabase } from '../../../packages/engine/src/testing/test-database';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { backendDatabaseOf } from './testing/backend-database-of';
import { migratesInto } from './testing/migrates-into';
import { backendUnderTest } from './testing/backend-under-test';

const ANN = 'user:default/ann';
const VM = 'lab/small 7';

describe('backend.database.role', () => {
  const folder = tempFolder();

  it('is who works, with the queue too', async () => {
    const database = await emptyTestDatabase();
    const admin = new Client(database.url);
    await admin.connect();
    const name = new URL(database.url).pathname.slice(1);
    const [owner, login] = [`${name}_owner`, `${name}_login`];
    // Without the role that login may do nothing here.
    await admin.query(
      `create role ${owner}; grant create on database ${name} to ${owner};
     create role ${login} login password 'secret'; grant ${owner} to ${login} with inherit false, set true`,
    );
    writeSmallVm(path.join(folder, 'vms', 'web'), { seed: 7 });
    const pgOf = backendDatabaseOf(database);
    const backend = await backendUnderTest({
      database: {
        ...pgOf,
        role: owner,
        connection: { ...(pgOf['connection'] as JsonObject), user: login, password: 'secret' },
      },
      section: {
        ...migratesInto(folder),
        sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
      },
    });
    try {
      await backend.ready();
      const ann = backend.as(ANN);
      const stop = new AbortController();
      const events = ann.events({ signal: stop.signal, after: 0 });
      await ann.call('start', { vm: VM });
      for await (const { kind } of events) if (kind === 'migration-migrated') stop.abort();
      const owners = await admin.query<{ owner: string }>(
        `select distinct tableowner as owner from pg_tables where schemaname like 'vm_migrate%'`,
      );
      expect(owners.rows).toEqual([{ owner }]);
    } finally {
      await backend.stop();
      await admin.query(`drop owned by ${owner}, ${login}; drop role ${login}, ${owner}`);
      await admin.end();
      await database.drop();
    }
  }, 180_000);
});
