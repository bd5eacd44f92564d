import path from 'node:path';
import type { MigrationView } from '@vm-migrate/api';
import { goesOn, goesOnSql } from '../store/step-waits';
import type { StepState } from '../store/store';
import { tempFolder } from '../testing/temp-folder';
import { testEngine, type TestEngine } from '../testing/test-engine';
import { writeSmallVm } from '../../../../test/kill/small-vm';

const STATES: readonly StepState[] = [
  'blocked',
  'ready',
  'queued',
  'running',
  'waiting',
  'done',
  'failed',
  'canceled',
];

describe('waits of a migration', () => {
  const folder = tempFolder();
  let test: TestEngine;
  let first = '';
  let second = '';

  beforeAll(async () => {
    for (const [name, seed] of Object.entries({ one: 1, two: 2 }))
      writeSmallVm(path.join(folder, 'vms', name), { seed, baseBytes: 64 * 1024 });
    test = await testEngine(folder, {
      sources: [
        { name: 'lab', kind: 'vm-directory', options: { folder: path.join(folder, 'vms') } },
      ],
    });
    first = (await test.engine.call('start', { vm: 'lab/small 1' })).migration;
    second = (await test.engine.call('start', { vm: 'lab/small 2' })).migration;
  });
  afterAll(() => test?.close());

  it('are those of its step, in the list as in everything else that tells of it', async () => {
    for (const migration of [first, second]) {
      const waits = (await listed(migration)).waits;
      expect(waits?.for).toMatch(/^a worker: none answers/);
      const { steps } = await test.engine.call('getQueue', { migration });
      expect(waits).toEqual({ for: steps[0]?.waitsFor, since: steps[0]?.waitsSince });
      const [status] = await test.engine.call('getStatus', { migration });
      expect(status?.now[0]).toMatchObject({ waitsFor: waits?.for, waitsSince: waits?.since });
      expect(status?.waits).toEqual(waits);
      expect((await test.engine.call('describe', { migration })).migration.waits).toEqual(waits);
      expect((await test.engine.call('getTree', { vm: migration })).migration?.waits).toEqual(
        waits,
      );
      expect((await test.engine.call('getReport', { migration })).migration.waits).toEqual(waits);
      expect((await test.engine.call('resume', { migration })).waits).toEqual(waits);
    }
  });

  it('are none of one that is paused', async () => {
    expect((await test.engine.call('pause', { migration: second })).waits).toBeNull();
    expect((await listed(second)).waits).toBeNull();
    expect((await listed(first)).waits).not.toBeNull();
  });

  it('name the limit that is used up', async () => {
    await test.engine.call('setLimit', { scope: 'vm', maxRunning: 0 });
    await setSteps([{ state: 'done' }, { state: 'done' }, { state: 'ready' }]);
    const { waits } = await listed(first);
    const { steps } = await test.engine.call('getQueue', { migration: first });
    expect(steps.map(({ kind }) => kind)).toEqual(['applyLayer']);
    expect(waits?.for).toMatch(/^a free place under limit vm, 0 at a time/);
    expect(waits).toEqual({ for: steps[0]?.waitsFor, since: '2026-11-28T02:00:00.000Z' });
    const [status] = await test.engine.call('getStatus', { migration: first });
    expect(status?.disks[0]?.now[0]).toMatchObject({
      waitsFor: waits?.for,
      waitsSince: waits?.since,
    });
  });

  it.each<[string, Parameters<typeof setSteps>[0], string | null]>([
    [
      'what runs before what waits',
      [
        { state: 'ready' },
        { state: 'queued' },
        { state: 'waiting', reason: 'w' },
        { state: 'running', reason: 'r' },
      ],
      'r',
    ],
    [
      'what waits before what is queued, and the worker that it lacks',
      [{ state: 'ready' }, { state: 'queued' }, { state: 'waiting', reason: 'w' }],
      'a worker: none answers (see: kubectl vm-migrate get workers); then w',
    ],
    [
      'what is queued before what is ready',
      [{ state: 'ready' }, { state: 'queued' }],
      'a worker: none answers (see: kubectl vm-migrate get workers)',
    ],
    [
      'the first of two',
      [
        { state: 'running', reason: 'a' },
        { state: 'running', reason: 'b' },
      ],
      'a',
    ],
    [
      'nothing while a step copies',
      [
        { state: 'waiting', reason: 'w' },
        { state: 'running', reason: 'r' },
        { state: 'running', reason: 'copying' },
      ],
      null,
    ],
    [
      'nothing while one reads',
      [
        { state: 'running', reason: 'r' },
        { state: 'running', reason: 'reading' },
      ],
      null,
    ],
    [
      'nothing while one was just claimed',
      [{ state: 'running', reason: 'r' }, { state: 'running' }],
      null,
    ],
    ['nothing when nothing is open', [{ state: 'failed' }], null],
  ])('tell %s', async (_, steps, told) => {
    await setSteps(steps);
    const { waits } = await listed(first);
    expect(waits?.for ?? null).toBe(told);
    // The queue has it on top.
    if (told !== null) {
      const queue = await test.engine.call('getQueue', { migration: first });
      expect(queue.steps[0]).toMatchObject({ waitsFor: told, waitsSince: waits?.since });
    }
  });

  it('follow one rule, here and in SQL', async () => {
    const cases = STATES.flatMap(state =>
      [null, 'copying', 'reading', 'the driver'].map(reason => ({ state, reason })),
    );
    const rows = await test.engine.database.query<{ goesOn: boolean }>(
      `select ${goesOnSql('s')} as "goesOn" from jsonb_to_recordset($1::jsonb) as s (state text, reason text)`,
      [JSON.stringify(cases)],
    );
    expect(rows.map(row => row.goesOn)).toEqual(cases.map(goesOn));
    expect(cases.filter(goesOn)).toHaveLength(3);
  });

  async function listed(migration: string): Promise<MigrationView> {
    const all = await test.engine.call('getMigrations', {});
    const found = all.find(({ id }) => id === migration);
    if (found === undefined) throw new Error(`${migration} is not listed`);
    return found;
  }

  /** The first steps of the first migration, one after the other; all others are blocked. */
  async function setSteps(steps: readonly { state: StepState; reason?: string }[]): Promise<void> {
    await test.engine.database.query(
      `update vm_migrate.step s
          set state = coalesce(t.state, 'blocked'), reason = t.reason, reason_since = case when t.reason is not null then now() end,
              finished_at = case when t.state = 'done' then timestamptz '2026-11-28T02:00:00Z' end
         from vm_migrate.step o
         left join jsonb_to_recordset($2::jsonb) as t (place int, state text, reason text)
           on t.place = o.ordinal
        where s.migration_id = $1 and o.migration_id = s.migration_id and o.step_id = s.step_id`,
      [first, JSON.stringify(steps.map((step, place) => ({ ...step, place })))],
    );
  }
});
