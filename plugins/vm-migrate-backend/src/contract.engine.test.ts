/**
 * Every operation's answer and the errors, from a running router on real PostgreSQL, against the
 * committed OpenAPI document (testing/contract.ts checks each answer as it comes).
 */
import { appendFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { OPERATIONS, type OperationName } from '@vm-migrate/api';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';

const ANN = 'user:default/ann';

describe('the contract', () => {
  const folder = tempFolder();
  let database: TestDatabase;
  let backend: BackendUnderTest;

  beforeAll(async () => {
    database = await emptyTestDatabase();
    for (const seed of [1, 2, 3])
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed, baseBytes: 64 * 1024 });
    backend = await backendUnderTest({
      database: { client: 'better-sqlite3', connection: ':memory:' },
      section: {
        database: { url: database.url },
        stateFolder: path.join(folder, 'state'),
        sources: {
          lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') },
          gone: { kind: 'vm-directory', folder: path.join(folder, 'none') },
        },
        targets: {
          here: {
            kind: 'local-directory',
            classes: {
              fast: { folder: path.join(folder, 'volumes'), default: true },
              plain: { folder: path.join(folder, 'plain'), snapshots: 'none' },
            },
            default: true,
          },
        },
      },
    });
    await backend.ready();
  }, 360_000);
  afterAll(async () => {
    await backend?.stop();
    await database?.drop();
  });

  it('holds before, while and after a migration, and for one that failed', async () => {
    const ann = backend.as(ANN);
    await look(undefined);
    await ann.call('setLimit', { scope: 'vm', maxRunning: 0 });
    const plan = await ann.call('plan', {
      vm: 'lab/small 1',
      options: { keep: { rule: 'newest', count: 2 } },
    });
    expect(plan.keepCosts).toHaveLength(plan.snapshots.length + 1);
    const { migration } = await ann.call('start', { vm: 'lab/small 1' });
    await untilStep(migration, 'applyLayer');
    await look(migration);
    expect((await ann.call('pause', { migration })).state).toBe('paused');
    await look(migration);
    await ann.call('resume', { migration });
    await ann.call('setLimit', { scope: 'vm', maxRunning: null });
    await untilState(migration, 'migrated');
    expect((await ann.call('verify', { migration })).steps).toBeGreaterThan(0);
    await untilState(migration, 'migrated');
    await look(migration);

    await ann.call('setLimit', { scope: 'vm', maxRunning: 0 });
    const { migration: broken } = await ann.call('start', { vm: 'lab/small 2' });
    const base = readdirSync(path.join(folder, 'vms', '2')).find(name => /flat/.test(name)) ?? '';
    appendFileSync(path.join(folder, 'vms', '2', base), Buffer.alloc(512));
    await ann.call('setLimit', { scope: 'vm', maxRunning: null });
    await untilState(broken, 'failed');
    await look(broken);
    await ann.call('retry', { migration: broken });
    await ann.call('cancel', { migration: broken, objects: 'remove-all' });
    await look(broken);
    await ann.call('cleanup', {});
    await ann.call('recover', { vm: 'lab/small 3' }).catch(refusal => refusal as unknown);

    const names = Object.keys(OPERATIONS).filter(name => name !== 'recover');
    expect(names.filter(name => !backend.contract.seen.answers.has(name as OperationName))).toEqual(
      [],
    );
  }, 360_000);

  it('recover answers as it says', async () => {
    const ann = backend.as(ANN);
    const [done] = await ann.call('getMigrations', { states: ['migrated'] });
    // Its records are lost, its objects stand.
    await (
      await database.open()
    ).query('delete from vm_migrate.migration where id = $1', [done?.id]);
    const recovered = await ann.call('recover', { vm: 'lab/small 1' });
    expect(recovered.adopted).toBeGreaterThan(0);
    expect(backend.contract.seen.answers).toContain('recover');
  }, 180_000);

  it.each([
    ['USAGE', 400, { method: 'POST', body: '{"vm":' }],
    ['USAGE', 400, { method: 'POST', body: '{"vm":"x","more":1}' }],
    ['USAGE', 400, { method: 'POST', body: '[]' }],
    ['USAGE', 400, { method: 'POST', body: 'vm=x', type: 'text/plain' }],
    ['USAGE', 400, { method: 'POST', body: `{"vm":"${'x'.repeat(300_000)}"}` }],
    ['VM_NOT_FOUND', 404, { method: 'POST', body: '{"vm":"lab/none"}' }],
  ])('an error is as it says: %s, %i, %j', async (code, status, { method, body, ...more }) => {
    const { type = 'application/json' } = more as { type?: string };
    const answer = await backend.contract.fetch(`${backend.url}/v1/plan`, {
      method,
      body,
      headers: {
        ...backend.header(ANN),
        'content-type': type,
      },
    });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      error: { code },
      response: { statusCode: status },
    });
  });

  it.each([
    ['setLimit', 'bytesPerSecond', { scope: 'vm', bytesPerSecond: 2 ** 53 }],
    ['setLimit', 'maxRunning', { scope: 'vm', maxRunning: 99_999_999_999 }],
    ['setLimit', 'scope', { scope: 'source:a\0b', maxRunning: 1 }],
    ['getMigrations', 'offset', { offset: 99_999_999_999 }],
    ['getMigrations', 'text', { text: 'a\0b' }],
    ['getEvents', 'after', { after: 1e300 }],
    ['getEvents', 'before', { before: 2 ** 63 }],
    ['plan', 'vm', { vm: 'lab/small\0 1' }],
    ['plan', 'options.keep.count', { vm: 'x', options: { keep: { rule: 'newest', count: 1e18 } } }],
    [
      'plan',
      'options.keep.maxAgeMs',
      { vm: 'x', options: { keep: { rule: 'age', maxAgeMs: 1e18 } } },
    ],
    ['cleanup', 'recordsOlderThanMs', { recordsOlderThanMs: 1e18 }],
  ])('%s names the field that the database could not take: %s', async (name, field, input) => {
    const answer = await backend.contract.fetch(`${backend.url}/v1/${name}`, {
      method: 'POST',
      body: JSON.stringify(input),
      headers: { ...backend.header(ANN), 'content-type': 'application/json' },
    });
    expect(await answer.json()).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining(field) as string },
      response: { statusCode: 400 },
    });
  });

  it.each([
    ['describe', 404, 'NOT_FOUND', { migration: 'm-zzzzzzzz' }],
    ['plan', 404, 'VM_NOT_FOUND', { vm: 'lab/none' }],
    ['plan', 400, 'USAGE', { vm: '/etc' }],
  ])(
    'the action %s is refused with the status of its route: %i %s',
    async (name, status, code, input) => {
      const base = backend.url.replace(
        '/api/vm-migrate',
        '/api/vm-migrate/.backstage/actions/v1/actions',
      );
      const answer = await fetch(`${base}/vm-migrate:${name}/invoke`, {
        method: 'POST',
        body: JSON.stringify(input),
        headers: { ...backend.header(ANN), 'content-type': 'application/json' },
      });
      expect([answer.status, await answer.json()]).toMatchObject([
        status,
        { error: { name: code } },
      ]);
    },
  );

  it('the audit keeps what was asked for, and what came of it', async () => {
    const ann = backend.as(ANN);
    const names = Array.from({ length: 30 }, (_, index) => `finding-${index}`);
    await ann.call('cleanup', { remove: true, recordsOlderThanMs: 3_600_000 });
    await ann.call('setLimit', { scope: 'source:lab', maxRunning: 3, bytesPerSecond: null });
    await ann
      .call('start', {
        vm: 'lab/none',
        accept: names,
        options: { cutCurrent: true, target: 'here' },
      })
      .catch(() => undefined);
    expect(backend.audited.slice(-3).map(({ meta }) => meta)).toEqual([
      { actor: ANN, remove: true, recordsOlderThanMs: 3_600_000 },
      { actor: ANN, scope: 'source:lab', maxRunning: 3, bytesPerSecond: null },
      {
        actor: ANN,
        vm: 'lab/none',
        accept: [...names.slice(0, 20), 'and 10 more'],
        options: { cutCurrent: true, target: 'here' },
      },
    ]);
    await ann.call('setLimit', { scope: 'source:lab', maxRunning: null });
  });

  it('the greatest figures that are taken can be listed', async () => {
    const ann = backend.as(ANN);
    const most = { scope: 'source:lab', maxRunning: 2 ** 31 - 1, bytesPerSecond: 10 ** 15 };
    await ann.call('setLimit', most);
    expect(await ann.call('getLimits', {})).toContainEqual(expect.objectContaining(most));
    await ann.call('setLimit', { scope: 'source:lab', maxRunning: null, bytesPerSecond: null });
    await ann.call('getMigrations', { offset: 2 ** 31 - 1 });
    await ann.call('getEvents', { after: Number.MAX_SAFE_INTEGER });
    await ann.call('cleanup', { recordsOlderThanMs: 100 * 365 * 24 * 3_600_000, remove: true });
  });

  it('without a token Backstage answers by itself, as it says', async () => {
    const answer = await backend.contract.fetch(`${backend.url}/v1/getVms`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', authorization: 'Bearer mock-none-token' },
    });
    expect(answer.status).toBe(401);
    expect(backend.contract.seen.errors).toContain('NOT_SIGNED_IN');
  });

  it('events of the stream are as it says', async () => {
    const stop = new AbortController();
    let count = 0;
    for await (const event of backend.as(ANN).events({ signal: stop.signal, after: 0 })) {
      backend.contract.check('EventView', event);
      count += 1;
      if (count === 20) break;
    }
    stop.abort();
    expect(count).toBe(20);
  }, 30_000);

  it('the check itself refuses what is not described', () => {
    const { check } = backend.contract;
    const health = { status: 'ok' };
    expect(() => check('HealthView', health)).not.toThrow();
    expect(() => check('HealthView', { ...health, database: 'x' })).toThrow(/database/);
    expect(() => check('HealthView', { status: 'fine' })).toThrow(/status/);
    expect(() => check('VerifyView', { migration: 'm-1' })).toThrow(/steps/);
  });

  /** Every query, about everything and about this migration. */
  async function look(migration: string | undefined): Promise<void> {
    const ann = backend.as(ANN);
    await ann.call('getSources', {});
    await ann.call('getTargets', {});
    await ann.call('getVms', {});
    await ann.call('getWorkers', {});
    await ann.call('getQueue', {});
    await ann.call('getLimits', {});
    await ann.call('getPlace', {});
    await ann.call('getMigrations', { sort: { by: 'progress', order: 'desc' }, limit: 10 });
    await ann.call('countMigrations', {});
    await ann.call('getStatus', {});
    await ann.call('getLayers', {});
    await ann.call('getSnapshots', {});
    await ann.call('getObjects', {});
    await ann.call('getEvents', {});
    for (const vm of ['lab/small 1', 'lab/small 2', 'lab/small 3'])
      await ann.call('getTree', { vm });
    if (migration === undefined) return;
    await ann.call('describe', { migration });
    await ann.call('getReport', { migration });
  }

  async function untilState(migration: string, state: string): Promise<void> {
    await until(migration, async () => {
      const [view] = await backend.as(ANN).call('getMigrations', { migration });
      return view?.state === state;
    });
  }

  async function untilStep(migration: string, kind: string): Promise<void> {
    await until(migration, async () => {
      const { steps } = await backend.as(ANN).call('getQueue', { migration });
      return steps.some(step => step.kind === kind);
    });
  }

  async function until(migration: string, holds: () => Promise<boolean>): Promise<void> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 60_000);
    try {
      // The stream is there before the first look, so nothing happens unseen between the two.
      const events = backend.as(ANN).events({ signal: stop.signal, after: 0, migration });
      for await (const _ of events) if (await holds()) return;
      throw new Error('not within a minute');
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }
});
