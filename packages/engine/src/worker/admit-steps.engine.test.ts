/** Admission where others change steps at the same moment, and where migrations stand still. */
import { QUEUE_SCHEMA, testDatabase, type TestDatabase } from '../testing/test-database';
import { insertBareMigration, insertCopySteps } from '../testing/bare-migration';
import { blockedSession } from '../testing/blocked-session';
import type { Database } from '../store/database';
import { setLimit } from '../store/places';
import { setWanted } from '../store/wishes';
import { admitSteps } from './admit-steps';
import { placesTaken } from './places-taken';

jest.setTimeout(60_000);

describe('admission', () => {
  let test: TestDatabase;
  let database: Database;

  beforeEach(async () => {
    test = await testDatabase();
    database = await test.open();
    await insertBareMigration(database, 'm');
  });
  afterEach(() => test.drop());

  const admit = () => database.transaction(tx => admitSteps(tx));
  const states = async (): Promise<unknown[]> =>
    (
      await database.query<{ state: string }>(
        'select state from vm_migrate.step order by migration_id, ordinal',
      )
    ).map(({ state }) => state);
  const jobs = async (): Promise<number> =>
    (await database.query(`select 1 from ${QUEUE_SCHEMA}.jobs`)).length;

  it.each(['blocked', 'done', 'canceled'])(
    'leaves a step alone that became %s after it was read',
    async state => {
      await insertCopySteps(database, 'm', ['ready']);
      const other = await database.dedicated();
      await other.query('begin');
      await other.query(`update vm_migrate.step set state = '${state}'`);
      const admitted = admit();
      await blockedSession(database);
      await other.query('commit');
      await other.close();
      expect(await admitted).toBe(0);
      expect(await states()).toEqual([state]);
      expect(await jobs()).toBe(0);
    },
  );

  it('leaves the place of such a step to the next one', async () => {
    await database.transaction(tx => setLimit(tx, 'all', { maxRunning: 1 }, 'test'));
    await insertCopySteps(database, 'm', ['ready', 'ready']);
    const other = await database.dedicated();
    await other.query('begin');
    await other.query(`update vm_migrate.step set state = 'canceled' where step_id = 's1'`);
    const admitted = admit();
    await blockedSession(database);
    await other.query('commit');
    await other.close();
    expect(await admitted).toBe(1);
    expect(await states()).toEqual(['canceled', 'queued']);
  });

  it('gives no place to what waits in a migration that is paused, and one to what still runs in it', async () => {
    await database.transaction(tx => setLimit(tx, 'all', { maxRunning: 2 }, 'test'));
    await insertBareMigration(database, 'paused', 'pause');
    await insertCopySteps(database, 'paused', ['queued', 'waiting', 'running']);
    await insertCopySteps(database, 'm', ['ready', 'ready']);
    expect(await admit()).toBe(1);
    expect((await placesTaken(database)).isFull()).toBe(true);
  });

  it('lets a migration that is being canceled be neither paused nor resumed', async () => {
    await insertCopySteps(database, 'm', ['running']);
    const want = (wanted: 'run' | 'pause' | 'cancel', choice?: 'keep-all' | 'remove-all') =>
      database.transaction(tx => setWanted(tx, 'm', wanted, 'test', choice));
    expect(await want('cancel', 'keep-all')).toBe(true);
    expect(await want('pause')).toBe(false);
    expect(await want('run')).toBe(false);
    // Who cancels again may choose anew.
    expect(await want('cancel', 'remove-all')).toBe(true);
    expect(await database.query('select wanted, cancel_choice from vm_migrate.migration')).toEqual([
      { wanted: 'cancel', cancel_choice: 'remove-all' },
    ]);
  });
});
