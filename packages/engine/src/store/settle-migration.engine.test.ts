/** Steps that end at the same moment settle their migration without getting into each other's way. */
import { barrier } from '../testing/barrier';
import { testDatabase, type TestDatabase } from '../testing/test-database';
import type { Database, Tx } from './database';
import { settleAfterStep } from './settle-migration';
import { endStep, holdClaim, putProgress, unblockAfter, type Claim } from './steps';

jest.setTimeout(60_000);

/** As many as a VM may have under way at a time, and some more. */
const STEPS = 8;

describe('steps that end together', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await testDatabase();
    database = await test.open('vm-migrate test', STEPS + 2);
    for (const place of ['source', 'target'])
      await database.query(`insert into vm_migrate.${place} (name, kind) values ('lab', 'x')`);
    await database.query(
      `insert into vm_migrate.migration (id, source_name, target_name, vm_id, vm_name, plan_digest, plan, started_by)
       values ('m', 'lab', 'lab', 'vm', 'vm', '', '{}', 'test')`,
    );
    await database.query(
      `insert into vm_migrate.step (migration_id, step_id, ordinal, kind, priority, weight_bytes, storage_class, state, fence, lease_owner)
       select 'm', 's' || n, n, 'applyLayer', 0, 1, 'fast', 'running', 1, 'w' from generate_series(1, $1::int) n`,
      [STEPS],
    );
  });
  afterAll(() => test.drop());

  it('each in its first try, and the last of them sees all others', async () => {
    const allHoldTheirKeys = barrier(STEPS);
    let runs = 0;
    await Promise.all(
      Array.from({ length: STEPS }, (_, index) =>
        database.transaction(async tx => {
          runs++;
          await end(tx, { migrationId: 'm', stepId: `s${index + 1}`, fence: 1, owner: 'w' });
          await allHoldTheirKeys();
          await settleAfterStep(tx, 'm');
        }),
      ),
    );
    expect(runs).toBe(STEPS);
    expect(await database.query('select state from vm_migrate.migration')).toEqual([
      { state: 'migrated' },
    ]);
  });

  /** As an applyLayer step that was too fast for a report of its progress: the first row comes at its end. */
  async function end(tx: Tx, claim: Claim): Promise<void> {
    await holdClaim(tx, claim);
    await endStep(tx, claim, {});
    await putProgress(tx, claim, {
      phase: 'copying',
      bytesDone: 1,
      bytesTotal: 1,
      bytesPerSecond: 1,
    });
    await unblockAfter(tx, claim);
  }
});
