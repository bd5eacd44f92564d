// Every SQL statement of docs/operations.md runs on the present schema and finds something there:
// after a real migration, with one finding accepted and one step failed.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';

const MIB = 1024 * 1024;
const page = readFileSync(path.resolve(__dirname, '../../docs/operations.md'), 'utf8');
const statements = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql = '']) => sql);

describe('SQL of docs/operations.md', () => {
  const folder = tempFolder();
  let test: TestEngine;
  beforeAll(async () => {
    test = await testEngine(folder);
    const vm = writeExampleVm(path.join(folder, 'vm'), { diskBytes: 64 * MIB });
    await test.startWorker();
    const { migration } = await test.engine.call('start', { vm: vm.folder });
    await test.until(migration, ['migrated']);
    // What a quiet migration does not have.
    await test.engine.database.query(
      `insert into vm_migrate.accepted_finding (migration_id, finding_id, finding, accepted_by) values ($1, 'kind:object', '{}', 'docs')`,
      [migration],
    );
    await test.engine.database.query(
      `update vm_migrate.step set state = 'failed', error = '{"message": "as an example"}' where migration_id = $1 and ordinal = 0`,
      [migration],
    );
  }, 360_000);
  afterAll(() => test?.close());

  it('there is some', () => {
    expect(statements.length).toBeGreaterThan(4);
  });

  it.each(statements.map(statement => [statement.split('\n')[0], statement]))(
    '%s',
    async (_, statement = '') => {
      expect(statement).toMatch(/^select /);
      const rows = await test.engine.database.query(statement);
      expect(rows).not.toHaveLength(0);
    },
  );

  it('names every column of layer_flag', async () => {
    const rows = await test.engine.database.query<{ name: string }>(
      `select column_name as name from information_schema.columns where table_schema = 'vm_migrate' and table_name = 'layer_flag'`,
    );
    const table = /^\| Column .*?\n\n/ms.exec(page)?.[0] ?? '';
    const named = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
    );
    expect(named.sort()).toEqual(rows.map(row => row.name).sort());
  });
});
