/** Steps that end at the same moment settle their migration without getting into each other's way. */
import { insertBareMigration, insertCopySteps } from '../testing/bare-migration';
import { barrier } from '../testing/barrier';
import { testDatabase, type TestDatabase } from '../testing/test-database';
import type { Database, Tx } from './database';
import { settleAfterStep } from './settle-migration';
import { endStep, holdClaim, putProgress, unblockAfter, type Claim } from './steps';
import type { StepState } from './store';

jest.setTimeout(60_000);

/** As many as a VM may have under way at a time, and some more. */
const STEPS = 8;

describe('steps that end together', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await testDatabase();
    database = await test.open('vm-migrate test', STEPS + 2);
    await insertBareMigration(database, 'm');
    await insertCopySteps(database, 'm', new Array<StepState>(STEPS).fill('running'));
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
