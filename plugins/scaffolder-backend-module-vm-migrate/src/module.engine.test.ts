/**
 * The actions and the example templates in the real scaffolder, beside the real catalog and backend
 * plugin, on real PostgreSQL and a folder with VMs.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { mockCredentials, mockServices } from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import scaffolderModel from '@backstage/plugin-catalog-backend-module-scaffolder-entity-model';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import scaffolderPlugin from '@backstage/plugin-scaffolder-backend';
import type { ActionContext } from '@backstage/plugin-scaffolder-node';
import { createMockActionContext } from '@backstage/plugin-scaffolder-node-test-utils';
import type { JsonObject } from '@backstage/types';
import catalogModule from '@vm-migrate/backstage-plugin-catalog-backend-module-vm-migrate';
import { parse } from 'yaml';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { untilThere } from '../../../test/until';
import {
  backendUnderTest,
  type BackendUnderTest,
} from '../../vm-migrate-backend/src/testing/backend-under-test';
import { backendDatabaseOf } from '../../vm-migrate-backend/src/testing/backend-database-of';
import { migratesInto } from '../../vm-migrate-backend/src/testing/migrates-into';
import { planAction } from './actions/plan';
import { reportAction } from './actions/report';
import { startAction } from './actions/start';
import { verifyAction } from './actions/verify';
import { waitAction } from './actions/wait';
import type { BackendDeps } from './call-backend';
import scaffolderModule from './index';

const ANN = 'user:default/ann';
const EXAMPLES = path.resolve(__dirname, '../../../examples');

// Jest runs tests in a realm of their own, and fetch is not of it: its JSON has arrays that are no
// arrays of this realm, which the scaffolder's template engine refuses.
const { fetch: outerFetch } = globalThis;
globalThis.fetch = async (...request) => {
  const answer = await outerFetch(...request);
  return Object.assign(answer, { json: async () => JSON.parse(await answer.text()) as unknown });
};

/** What the small VM loses when not all of it is kept: the snapshot at the end of a side branch. */
const DROPPED = 'snapshot-dropped:2';

describe('in the scaffolder', () => {
  const folder = tempFolder();
  let database: TestDatabase;
  let backend: BackendUnderTest;

  beforeAll(async () => {
    database = await emptyTestDatabase();
    for (const seed of [1, 2, 3, 4, 5])
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed });
    const file = (target: string) => ({ type: 'file', target: path.join(EXAMPLES, target) });
    backend = await backendUnderTest({
      entities: 'catalog plugin',
      features: [catalogPlugin, catalogModule, scaffolderModel, scaffolderPlugin, scaffolderModule],
      config: {
        app: { baseUrl: 'https://backstage.example' },
        catalog: {
          rules: [{ allow: ['Template', 'User', 'Group'] }],
          locations: [
            file('templates/migrate-vm.yaml'),
            file('templates/migrate-vms.yaml'),
            file('catalog/users.yaml'),
          ],
          providers: { vmMigrate: { owner: { default: 'guests' } } },
        },
        scaffolder: { taskRecovery: { enabled: true, staleTimeout: { seconds: 2 } } },
      },
      database: backendDatabaseOf(database),
      section: {
        ...migratesInto(folder),
        sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
      },
    });
    await backend.ready();
    await until('templates', async () =>
      (await entities('Template')).length === 2 ? true : undefined,
    );
  }, 360_000);
  afterAll(async () => {
    await backend?.stop();
    await database?.drop();
  });

  it('migrates a VM that was picked from the catalog, to the end', async () => {
    const vm = await picked('small 1');
    const task = await run('migrate-vm', {
      vm,
      keep: { rule: 'newest', count: 2, names: [] },
      place: { target: 'here', storageClass: 'fast' },
      review: { accept: [DROPPED] },
      until: 'end',
      minutes: 2,
    });
    expect([task.status, task.log]).toEqual(['completed', expect.any(String)]);
    const [migration] = await backend.as(ANN).call('getMigrations', { vm: 'small 1' });
    expect(migration).toMatchObject({
      state: 'migrated',
      startedBy: ANN,
      entity: vm,
      owner: 'group:default/guests',
      snapshots: { total: 2, ready: 2 },
    });
    const [result] = await entities('Resource', 'migrated-virtual-machine');
    expect(task.output).toMatchObject({
      links: [
        { title: 'The migration', url: `/vm-migrate/migrations/${migration?.id}` },
        {
          title: 'The migrated VM',
          entityRef: `resource:default/${result?.metadata.name}`,
        },
      ],
      text: [
        { title: 'Plan', content: expect.stringContaining('2 of 4 snapshots') as string },
        { title: 'Report', content: expect.stringContaining('# Migration of small 1') as string },
      ],
    });
    expect(
      backend.audited.map(({ eventId, meta, outcome }) => [eventId, meta['actor'], outcome]),
    ).toContainEqual(['start', ANN, 'succeeded']);
  }, 360_000);

  it('stops for what blocks and nobody accepted, and says how it is accepted', async () => {
    const values = { vm: await picked('small 2'), keep: { rule: 'newest', count: 2 } };
    const task = await run('migrate-vm', { ...values, until: 'start' });
    expect(task.status).toBe('failed');
    expect(task.log).toMatch(
      /PLAN_BLOCKED: .*run the template again and accept: snapshot-dropped:2/,
    );
    const shown = await run('migrate-vm', { ...values, until: 'plan' });
    expect([shown.status, shown.log]).toEqual(['completed', expect.any(String)]);
    expect(JSON.stringify(shown.output)).toMatch(/blocks.*can be accepted/);
    expect(await backend.as(ANN).call('getMigrations', { vm: 'small 2' })).toEqual([]);
  }, 180_000);

  it('starts no other plan than the one that was looked at', async () => {
    const task = await run('migrate-vm', {
      vm: await picked('small 2'),
      keep: { rule: 'all' },
      review: { accept: [], planDigest: '0'.repeat(64) },
      until: 'start',
    });
    expect([task.status, task.log]).toEqual(['failed', expect.stringContaining('PLAN_CHANGED')]);
    expect(await backend.as(ANN).call('getMigrations', { vm: 'small 2' })).toEqual([]);
  }, 180_000);

  it('again finds what is there, and starts nothing', async () => {
    const vm = await picked('small 1');
    const values = {
      vm,
      keep: { rule: 'newest', count: 2 },
      review: { accept: [DROPPED] },
      until: 'start',
    };
    const task = await run('migrate-vm', values);
    expect([task.status, task.log]).toEqual(['completed', expect.stringContaining('already')]);
    expect(await backend.as(ANN).call('getMigrations', { vm: 'small 1' })).toHaveLength(1);
  }, 180_000);

  it('only plans, where that is asked for', async () => {
    const task = await run('migrate-vm', {
      vm: await picked('small 2'),
      keep: { rule: 'all' },
      until: 'plan',
    });
    expect([task.status, task.log]).toEqual(['completed', expect.any(String)]);
    expect(task.output).toMatchObject({
      links: [],
      text: [{ title: 'Plan', content: expect.stringContaining('4 of 4') as string }],
    });
    expect(await backend.as(ANN).call('getMigrations', { vm: 'small 2' })).toEqual([]);
  }, 180_000);

  it('a dry run of the template plans and writes nothing', async () => {
    const template = parse(
      readFileSync(path.join(EXAMPLES, 'templates/migrate-vm.yaml'), 'utf8'),
    ) as object;
    const answer = await post('/v2/dry-run', {
      template,
      values: {
        vm: await picked('small 2'),
        keep: { rule: 'all' },
        until: 'end',
        review: { accept: [] },
        minutes: 1,
      },
      secrets: {},
      directoryContents: [],
    });
    const { log, output } = (await answer.json()) as {
      log: { body: { message: string } }[];
      output: unknown;
    };
    expect([answer.status, output, log]).toEqual([200, expect.anything(), expect.anything()]);
    expect(JSON.stringify(log)).toContain('would be migrated by plan');
    expect(output).toMatchObject({ links: [{ title: 'The migration', url: '/vm-migrate' }] });
    expect(await backend.as(ANN).call('getMigrations', { vm: 'small 2' })).toEqual([]);
  }, 180_000);

  it('migrates a list', async () => {
    const vms = [await picked('small 3'), await picked('small 4')];
    const task = await run('migrate-vms', { vms, minutes: 2, newest: 1, accept: [DROPPED] });
    expect([task.status, task.log]).toEqual(['completed', expect.any(String)]);
    const rows = (task.output as { migrations: { vm: string; state: string; entityRef: string }[] })
      .migrations;
    expect(rows.map(({ vm, state }) => `${vm} ${state}`)).toEqual([
      'small 3 migrated',
      'small 4 migrated',
    ]);
    for (const { entityRef } of rows)
      expect(entityRef).toMatch(/^resource:default\/lab\..+\.here$/);
    expect(await backend.as(ANN).call('getMigrations', { states: ['migrated'] })).toHaveLength(3);
  }, 360_000);

  it('what is no VM is said by name', async () => {
    const task = await run('migrate-vm', {
      vm: 'resource:default/none',
      keep: { rule: 'all' },
      until: 'start',
    });
    expect([task.status, task.log]).toEqual([
      'failed',
      expect.stringContaining('VM_NOT_FOUND: The catalog has no entity resource:default/none'),
    ]);
  }, 180_000);

  it('every action is there, with its inputs', async () => {
    const answer = await fetch(scaffolder('/v2/actions'), { headers: backend.header(ANN) });
    const actions = (await answer.json()) as {
      id: string;
      schema: { input: { properties: object } };
    }[];
    const inputs = Object.fromEntries(
      actions
        .filter(({ id }) => id.startsWith('vm-migrate:'))
        .map(({ id, schema }) => [id, Object.keys(schema.input.properties)]),
    );
    expect(Object.keys(inputs).sort()).toEqual([
      'vm-migrate:plan',
      'vm-migrate:report',
      'vm-migrate:start',
      'vm-migrate:verify',
      'vm-migrate:wait',
    ]);
    expect(inputs['vm-migrate:start']).toEqual(
      expect.arrayContaining(['vm', 'target', 'storageClass', 'keep', 'accept', 'planDigest']),
    );
  });

  describe('an action', () => {
    const workspacePath = path.join(folder, 'workspace');

    it('start, after a crash before its checkpoint was kept, finds its migration', async () => {
      await backend.as(ANN).call('setLimit', { scope: 'all', maxRunning: 0 });
      const input = { vm: 'lab/small 5' };
      const { planDigest } = (await runAction(planAction, input)) as { planDigest: string };
      const lost = await runAction(startAction, { ...input, planDigest });
      const again = await runAction(startAction, { ...input, planDigest });
      expect([lost['outcome'], again['outcome']]).toEqual(['started', 'already']);
      expect(again['migration']).toBe(lost['migration']);
    });

    it('start, taken up again after somebody canceled its migration, leaves it canceled', async () => {
      const [first] = await backend.as(ANN).call('getMigrations', { vm: 'small 5' });
      const id = first?.id ?? '';
      await backend.as(ANN).call('cancel', { migration: id, objects: 'remove-all' });
      await backend.as(ANN).call('setLimit', { scope: 'all', maxRunning: 8 });
      await until('canceled', async () => {
        const [now] = await backend.as(ANN).call('getMigrations', { migration: id });
        return now?.state === 'canceled' ? now : undefined;
      });
      await backend.as(ANN).call('setLimit', { scope: 'all', maxRunning: 0 });
      const kept = { migration: id, vm: 'small 5', state: 'running', outcome: 'started' };
      const before = await backend.as(ANN).call('countMigrations', {});
      const again = await runAction(
        startAction,
        { vm: 'lab/small 5' },
        { checkpoint: async () => kept as never },
      );
      expect(again).toMatchObject({ migration: id, state: 'canceled' });
      expect(await backend.as(ANN).call('countMigrations', {})).toEqual(before);
      // A new run of the template has no checkpoint.
      const anew = await runAction(startAction, { vm: 'lab/small 5' });
      expect(anew).toMatchObject({ outcome: 'started', state: 'running' });
      expect(anew['migration']).not.toBe(id);
      const given = { migration: id, onFailure: 'continue' };
      expect(await runAction(waitAction, given)).toMatchObject({
        state: 'canceled',
        timedOut: false,
      });
      await expect(runAction(waitAction, { migration: id })).rejects.toThrow(
        /^STATE_REFUSED: .*small 5 is canceled.*\/vm-migrate\/migrations\//,
      );
    }, 180_000);

    it('wait goes on when its time is over, and fails the task only where that is asked for', async () => {
      const migration = await openMigration();
      const input = { migration, timeoutMinutes: 0.001 };
      expect(await runAction(waitAction, input)).toMatchObject({
        state: 'running',
        timedOut: true,
        link: `/vm-migrate/migrations/${migration}`,
      });
      await expect(runAction(waitAction, { ...input, onTimeout: 'fail' })).rejects.toThrow(
        /^TIMED_OUT: .*small 5, running/,
      );
    });

    it('wait, taken up again, has the time that was left', async () => {
      const migration = await openMigration();
      const past = Date.now() - 1;
      expect(
        await runAction(
          waitAction,
          { migration, timeoutMinutes: 60 },
          { checkpoint: async () => past as never },
        ),
      ).toMatchObject({ timedOut: true });
    });

    it('wait ends with its task', async () => {
      const stop = new AbortController();
      const migration = await openMigration();
      const waiting = runAction(waitAction, { migration }, { signal: stop.signal });
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('verify asks once, also when it is taken up again, and wait waits for it', async () => {
      const migration = await doneMigration();
      const first = await runAction(verifyAction, { migration });
      const again = await runAction(verifyAction, { migration });
      expect([first['steps'], again['steps']]).toEqual([2, 2]);
      const { steps } = await backend.as(ANN).call('describe', { migration });
      expect(steps.filter(({ kind }) => kind === 'verifySnapshot')).toHaveLength(2);
      await backend.as(ANN).call('setLimit', { scope: 'all', maxRunning: 8 });
      expect(await runAction(waitAction, { migration, timeoutMinutes: 1 })).toMatchObject({
        state: 'migrated',
      });
    }, 180_000);

    it('report writes into the workspace, and nowhere else', async () => {
      const migration = await doneMigration();
      const { path: file = '', report } = await runAction(reportAction, { migration });
      expect(readFileSync(path.join(workspacePath, String(file)), 'utf8')).toBe(report);
      const json = { migration, format: 'json', path: 'docs/a.json' };
      const data = JSON.parse(String((await runAction(reportAction, json))['report'])) as unknown;
      expect(data).toMatchObject({ migration: { id: migration, vm: 'small 1' } });
      for (const outside of ['../a.md', '/tmp/a.md'])
        await expect(runAction(reportAction, { migration, path: outside })).rejects.toThrow();
    });

    it('says our code, and what to do next', async () => {
      await expect(runAction(startAction, { vm: 'lab/none' })).rejects.toThrow(
        /^VM_NOT_FOUND: .*List what there is/,
      );
      const planDigest = '0'.repeat(64);
      await expect(runAction(startAction, { vm: 'lab/small 2', planDigest })).rejects.toThrow(
        /^PLAN_CHANGED: .*Plan again/,
      );
    });

    async function openMigration(): Promise<string> {
      const [view] = await backend.as(ANN).call('getMigrations', { states: ['running'] });
      return view?.id ?? '';
    }

    async function doneMigration(): Promise<string> {
      const [view] = await backend.as(ANN).call('getMigrations', { vm: 'small 1' });
      return view?.id ?? '';
    }

    /** As the task runner does, without a task: what it put out. */
    async function runAction(
      make: (deps: BackendDeps) => { handler(ctx: never): Promise<void> },
      input: JsonObject,
      context: Partial<ActionContext<JsonObject>> = {},
    ): Promise<Record<string, unknown>> {
      const output: Record<string, unknown> = {};
      const action = make({
        auth: mockServices.auth({ pluginId: 'scaffolder' }),
        discovery: {
          getBaseUrl: async () => backend.url,
          getExternalBaseUrl: async () => backend.url,
        },
        catalog: catalogServiceMock({
          entities: await entities('Resource', 'migrated-virtual-machine'),
        }),
      });
      const ctx = {
        ...createMockActionContext({ input, workspacePath }),
        getInitiatorCredentials: async () => mockCredentials.user(ANN),
        checkpoint: ({ fn }: { fn: () => Promise<unknown> }) => fn(),
        output: (name: string, value: unknown) => void (output[name] = value),
        ...context,
      };
      await action.handler(ctx as never);
      return output;
    }
  });

  interface Task {
    readonly status: string;
    readonly log: string;
    readonly output: unknown;
  }

  async function run(template: string, values: object): Promise<Task> {
    const answer = await post('/v2/tasks', {
      templateRef: `template:default/${template}`,
      values,
    });
    const { id } = (await answer.json()) as { id: string };
    return ended(id);
  }

  async function ended(id: string): Promise<Task> {
    const status = await until(`the end of task ${id}`, async () => {
      const answer = await fetch(scaffolder(`/v2/tasks/${id}`), { headers: backend.header(ANN) });
      const { status: now } = (await answer.json()) as { status: string };
      return now === 'completed' || now === 'failed' || now === 'cancelled' ? now : undefined;
    });
    const answer = await fetch(scaffolder(`/v2/tasks/${id}/events`), {
      headers: backend.header(ANN),
    });
    const events = (await answer.json()) as {
      type: string;
      body: { message: string; output?: unknown };
    }[];
    return {
      status,
      log: events.map(({ body }) => body.message).join('\n'),
      output: events.find(({ type }) => type === 'completion')?.body.output,
    };
  }

  function post(to: string, body: object): Promise<Response> {
    return fetch(scaffolder(to), {
      method: 'POST',
      headers: { ...backend.header(ANN), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  function scaffolder(to: string): URL {
    return new URL(`/api/scaffolder${to}`, backend.url);
  }

  async function entities(kind: string, type?: string): Promise<Entity[]> {
    const url = new URL('/api/catalog/entities', backend.url);
    url.searchParams.set('filter', `kind=${kind}${type === undefined ? '' : `,spec.type=${type}`}`);
    const answer = await fetch(url, { headers: backend.header(ANN) });
    return (await answer.json()) as Entity[];
  }

  /** What the picker hands over. */
  async function picked(title: string): Promise<string> {
    const entity = await until(title, async () =>
      (await entities('Resource', 'virtual-machine')).find(
        ({ metadata }) => metadata.title === title,
      ),
    );
    return `resource:default/${entity.metadata.name}`;
  }
});

/** A template takes its time on a busy machine. */
function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  return untilThere(what, look, 60_000);
}
