import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { testDatabase } from '../testing/test-database';
import { dumpSchema } from './schema-dump';
import { BUNDLED_SQL } from './sql-files.generated';
import { sqlFiles, toSqlFiles } from './sql-files';

const SNAPSHOT = path.join(__dirname, 'sql', 'schema.snapshot.txt');
const RENEW = 'node packages/engine/src/store/sql/renew.mjs';

jest.setTimeout(60_000);

describe('the schema', () => {
  it(`is the one in schema.snapshot.txt (after a wanted change: ${RENEW})`, async () => {
    const test = await testDatabase();
    try {
      const dump = await dumpSchema(await test.open());
      if (process.env['RENEW_SCHEMA_SNAPSHOT'] !== undefined) writeFileSync(SNAPSHOT, dump);
      expect(dump.split('\n')).toEqual(readFileSync(SNAPSHOT, 'utf8').split('\n'));
    } finally {
      await test.drop();
    }
  });

  it(`is bundled as it stands in the SQL files (after a wanted change: ${RENEW})`, () => {
    expect(toSqlFiles(BUNDLED_SQL)).toEqual(sqlFiles());
  });
});
