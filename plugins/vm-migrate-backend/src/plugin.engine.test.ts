/** The plugin in a Backstage backend on real PostgreSQL, in both ways of dividing its server. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  TEST_SERVER_VARIABLE,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { backendDatabaseOf } from './testing/backend-database-of';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';

const ANN = 'user:default/ann';
const VM = 'lab/small 7';

describe.each(['database', 'schema'] as const)('pluginDivisionMode %s', mode => {
  const folder = tempFolder();
  let backend: BackendUnderTest;
  let database: TestDatabase;
  const stop = new AbortController();
  const section = {
    stateFolder: path.join(folder, 'state'),
    sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
    targets: {
      here: {
        kind: 'local-directory',
        classes: { fast: { folder: path.join(folder, 'volumes'), default: true } },
      },
    },
    worker: { leaseSeconds: 5 },
  };

  beforeAll(async () => {
    database = await emptyTestDatabase();
    writeSmallVm(path.join(folder, 'vms', 'web'), { seed: 7 });
    backend = await backendUnderTest({
      database: backendDatabaseOf(database, mode),
      section: {
        stateFolder: path.join(folder, 'state'),
        sources: {
          lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') },
          gone: { kind: 'vm-directory', folder: path.join(folder, 'not-there') },
        },
        targets: {
          here: {
            kind: 'local-directory',
            classes: { fast: { folder: path.join(folder, 'volumes'), default: true } },
          },
        },
        worker: { leaseSeconds: 5 },
      },
    });
    await backend.ready();
  }, 180_000);
  afterAll(async () => {
    stop.abort();
    await backend?.stop();
    if (mode === 'database') await dropOwn(database);
    await database?.drop();
  });

  it('migrates a VM, with the user as the actor, and tells it on the stream', async () => {
    const ann = backend.as(ANN);
    const events = ann.events({ signal: stop.signal, after: 0 });
    const told: string[] = [];
    const telling = (async () => {
      for await (const { kind, actor } of events) {
        told.push(`${kind} ${actor}`);
        if (kind === 'migration-migrated') stop.abort();
      }
    })();
    const plan = await ann.call('plan', { vm: VM });
    const started = await ann.call('start', { vm: VM, planDigest: plan.digest });
    expect(started.outcome).toBe('started');
    await telling;
    expect(told[0]).toBe(`started ${ANN}`);
    const [migration] = await ann.call('getMigrations', { migration: started.migration });
    expect(migration).toMatchObject({ state: 'migrated', startedBy: ANN });
    const again = await ann.call('start', { vm: VM, planDigest: plan.digest });
    expect(again.outcome).toBe('already');
    expect(backend.audited.map(({ eventId, outcome }) => `${eventId} ${outcome}`)).toEqual([
      'start succeeded',
      'start succeeded',
    ]);
    expect(backend.audited[0]?.meta).toMatchObject({ actor: ANN, vm: VM });
  }, 180_000);

  it('of all sources those that answer, of one that is named its own error', async () => {
    const ann = backend.as(ANN);
    const vms = [expect.objectContaining({ name: 'small 7', snapshots: null })];
    expect(await ann.call('getVms', {})).toEqual(vms);
    expect(await ann.call('getVms', { source: 'lab' })).toEqual(vms);
    expect(await ann.call('getVms', { with: ['snapshots'] })).toEqual([
      expect.objectContaining({ name: 'small 7', snapshots: 4 }),
    ]);
    for (const [source, code] of [
      ['gone', 'FILE_MISSING'],
      ['never', 'NOT_FOUND'],
    ] as const)
      await expect(ann.call('getVms', { source })).rejects.toMatchObject({ code });
  });

  it('lists layers, snapshots and states by the page too', async () => {
    const ann = backend.as(ANN);
    for (const name of ['getLayers', 'getSnapshots', 'getStatus'] as const) {
      const all: unknown[] = await ann.call(name, {});
      expect(all.length).toBeGreaterThan(0);
      const pages: unknown[] = [];
      for (let offset = 0; offset <= all.length; offset += 2)
        pages.push(...(await ann.call(name, { limit: 2, offset })));
      expect(pages).toEqual(all);
      expect(await ann.call(name, { offset: 1 })).toEqual(all.slice(1));
      await expect(ann.call(name, { limit: 501 })).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  it('keeps its tables where Backstage says, and finds them again after a restart', async () => {
    const own = ownDatabase(database, mode);
    expect(await schemasOf(own)).toEqual(
      expect.arrayContaining(['vm_migrate', 'vm_migrate_queue']),
    );
    if (mode === 'database') expect(await schemasOf(database.url)).not.toContain('vm_migrate');
    const before = await backend.as(ANN).call('getMigrations', {});
    await backend.stop();
    backend = await backendUnderTest({ database: backendDatabaseOf(database, mode), section });
    await backend.ready();
    const ann = backend.as(ANN);
    expect(await ann.call('getMigrations', {})).toEqual(before);
    const migration = before[0]?.id ?? '';
    const since = (await ann.call('getEvents', {})).at(-1)?.id ?? 0;
    const { steps } = await ann.call('verify', { migration });
    expect(steps).toBeGreaterThan(0);
    const watching = new AbortController();
    for await (const { id, kind } of ann.events({ signal: watching.signal, after: since }))
      if (id > since && kind === 'migration-migrated') break;
    watching.abort();
    const report = await ann.call('getReport', { migration });
    const kinds = report.snapshots.flatMap(({ disks }) => disks.map(({ proof }) => proof.kind));
    expect(new Set(kinds)).toEqual(new Set(['full']));
  }, 360_000);

  it('takes no path, no unknown field, no unsigned request', async () => {
    const ann = backend.as(ANN);
    const vm = path.join(folder, 'vms', 'web');
    await expect(ann.call('plan', { vm })).rejects.toMatchObject({ code: 'USAGE', status: 400 });
    await expect(
      ann.call('getVms', { sauce: 'lab' } as unknown as { source: string }),
    ).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching('sauce') as string });
    for (const [path_, init] of [
      ['/v1/getVms', { method: 'POST', body: '{}' }],
      ['/v1/events', {}],
      ['/v1/openapi.json', {}],
    ] as const) {
      const answer = await fetch(`${backend.url}${path_}`, {
        ...init,
        headers: { 'content-type': 'application/json', authorization: 'Bearer mock-none-token' },
      });
      expect([path_, answer.status]).toEqual([path_, 401]);
    }
  });

  it('serves the committed OpenAPI document', async () => {
    const answer = await fetch(`${backend.url}/v1/openapi.json`, { headers: backend.header(ANN) });
    const committed = readFileSync(
      path.resolve(__dirname, '../../../packages/api/openapi.json'),
      'utf8',
    );
    expect(await answer.json()).toEqual(JSON.parse(committed));
  });
});

/** Address of the database that Backstage gives the plugin. */
function ownDatabase(database: TestDatabase, mode: string): string {
  const url = new URL(database.url);
  if (mode === 'database') url.pathname += '_vm-migrate';
  return url.href;
}

async function schemasOf(url: string): Promise<string[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'select nspname as name from pg_namespace',
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function dropOwn(database: TestDatabase): Promise<void> {
  const name = new URL(ownDatabase(database, 'database')).pathname.slice(1);
  const client = new Client(process.env[TEST_SERVER_VARIABLE]);
  await client.connect();
  await client.query(`drop database if exists "${name}" with (force)`).finally(() => client.end());
}
