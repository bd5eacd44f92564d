/** Ends are told whatever order they become visible in, and when the notifications come later than we. */
import { mockServices } from '@backstage/backend-test-utils';
import type { NotificationSendOptions } from '@backstage/plugin-notifications-node';
import { insertBareMigration } from '../../../packages/engine/src/testing/bare-migration';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../../packages/engine/src/testing/test-engine';
import { until } from '../../../test/kill/until';
import { notifyEnds } from './notify-ends';

const ONE = 'm-aaaaaaaa';
const TWO = 'm-bbbbbbbb';

describe('ends of migrations', () => {
  const folder = tempFolder();
  let test: TestEngine;
  let ended: AbortController;
  let titles: string[];
  /** Thrown by so many sends. */
  let refusals: number;

  beforeEach(async () => {
    test = await testEngine(folder);
    titles = [];
    refusals = 0;
    ended = new AbortController();
    for (const id of [ONE, TWO]) {
      await insertBareMigration(test.engine.database, id);
      await test.engine.database.query(
        `update vm_migrate.migration set started_by = 'user:default/ann' where id = $1`,
        [id],
      );
    }
    await begin();
  });
  afterEach(async () => {
    ended?.abort();
    await test?.close();
  });

  const begin = () =>
    notifyEnds({
      engine: test.engine,
      log: mockServices.logger.mock(),
      signal: ended.signal,
      lookMs: 100,
      notifications: {
        async send({ payload }: NotificationSendOptions) {
          if (refusals-- > 0) throw new Error('not there yet');
          titles.push(payload.title);
        },
      },
    });

  const END = `insert into vm_migrate.event (migration_id, level, kind, actor, message)
    values ($1, 'info', 'migration-migrated', 'engine', $1 || ' is over')`;
  const announce = () => test.engine.database.query(`select pg_notify('vm_migrate_change', '')`);

  it('are told also when one becomes visible after a later one', async () => {
    const slow = await test.engine.database.dedicated();
    await slow.query('begin');
    await slow.query(END, [ONE]);
    await test.engine.database.query(END, [TWO]);
    await announce();
    await until(async () => titles.includes(`${TWO} is over`));
    await slow.query('commit');
    await slow.close();
    await until(async () => titles.includes(`${ONE} is over`));
    expect(titles).toEqual([`${TWO} is over`, `${ONE} is over`]);
  });

  it('are told when no announcement comes, and once', async () => {
    await test.engine.database.query(END, [ONE]);
    await until(async () => titles.length > 0);
    // Two further looks at the least: whatever told it again has told this one as well.
    await test.engine.database.query(END, [TWO]);
    await until(async () => titles.includes(`${TWO} is over`));
    expect(titles).toEqual([`${ONE} is over`, `${TWO} is over`]);
  });

  it('are not told again by the next backend', async () => {
    await test.engine.database.query(END, [ONE]);
    await until(async () => titles.length > 0);
    ended.abort();
    ended = new AbortController();
    await begin();
    await test.engine.database.query(END, [TWO]);
    await until(async () => titles.includes(`${TWO} is over`));
    expect(titles).toEqual([`${ONE} is over`, `${TWO} is over`]);
  });

  it('are told once the notifications are there', async () => {
    refusals = 3;
    await test.engine.database.query(END, [ONE]);
    // However much changes meanwhile, it is tried once a look.
    await until(async () => {
      await announce();
      return titles.length > 0;
    });
    expect(refusals).toBeLessThanOrEqual(0);
    expect(titles).toEqual([`${ONE} is over`]);
  });
});
