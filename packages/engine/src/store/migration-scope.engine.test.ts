/** A scope asks the same of the database and of a row at hand: compared over random scopes and rows. */
import { randomOf } from '../testing/random';
import { testDatabase, type TestDatabase } from '../testing/test-database';
import type { Database } from './database';
import { inScope, scopeSql, type MigrationScope, type ScopedRow } from './migration-scope';

const OWNERS = [null, 'user:default/ann', 'group:default/ops'];
const SOURCES = ['lab', "o'hara", 'datastore 1'];
const NAMESPACES = [null, 'vms', 'default'];

describe('scopeSql', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await testDatabase();
    database = await test.open();
  });
  afterAll(() => test.drop());

  it('finds exactly the rows that inScope takes', async () => {
    const seed = Number(process.env['SCOPE_SEED'] ?? Date.now() % 1_000_000);
    const random = randomOf(seed);
    const rows = OWNERS.flatMap(ownerRef =>
      SOURCES.flatMap(sourceName =>
        NAMESPACES.map((targetNamespace): ScopedRow => ({ ownerRef, sourceName, targetNamespace })),
      ),
    );
    for (let round = 0; round < 60; round++) {
      const scope = randomScope(random, 3);
      const params: unknown[] = [JSON.stringify(rows)];
      const found = await database.query<ScopedRow>(
        `select m.owner_ref as "ownerRef", m.source_name as "sourceName", m.target_namespace as "targetNamespace"
           from (select r->>'ownerRef' as owner_ref, r->>'sourceName' as source_name, r->>'targetNamespace' as target_namespace
                   from jsonb_array_elements($1::jsonb) r) m
          where ${scopeSql(scope, 'm', params)}`,
        params,
      );
      const wanted = rows.filter(row => inScope(scope, row));
      expect({ seed, scope, found: sorted(found) }).toEqual({
        seed,
        scope,
        found: sorted(wanted),
      });
    }
  });
});

function sorted(rows: readonly ScopedRow[]): string[] {
  return rows
    .map(row => JSON.stringify([row.ownerRef, row.sourceName, row.targetNamespace]))
    .sort();
}

function randomScope(random: () => number, depth: number): MigrationScope {
  const pick = <T>(values: readonly T[]): T[] => values.filter(() => random() < 0.4);
  const known = <T>(values: readonly (T | null)[]): T[] =>
    pick(values.filter(value => value !== null));
  const kinds: (() => MigrationScope)[] = [
    () => 'all',
    () => 'none',
    () => ({ owners: known(OWNERS) }),
    () => ({ sources: pick(SOURCES) }),
    () => ({ targetNamespaces: known(NAMESPACES) }),
    ...(depth === 0
      ? []
      : [
          () => ({ allOf: [0, 1].map(() => randomScope(random, depth - 1)) }),
          () => ({ anyOf: pick([0, 1, 2]).map(() => randomScope(random, depth - 1)) }),
          () => ({ not: randomScope(random, depth - 1) }),
        ]),
  ];
  return (kinds[Math.floor(random() * kinds.length)] ?? (() => 'none'))();
}
