/**
 * The module in a real catalog, beside the real backend plugin, on real PostgreSQL and folders with
 * VMs. A second engine on the same database is whoever starts migrations at a terminal.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mockServices } from '@backstage/backend-test-utils';
import { RELATION_DEPENDS_ON, RELATION_OWNED_BY, type Entity } from '@backstage/catalog-model';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { testEngine, type TestEngine } from '../../../packages/engine/src/testing/test-engine';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { untilThere as until } from '../../../test/until';
import { backendUnderTest } from '../../vm-migrate-backend/src/testing/backend-under-test';
import { backendDatabaseOf } from '../../vm-migrate-backend/src/testing/backend-database-of';
import { migratesInto } from '../../vm-migrate-backend/src/testing/migrates-into';
import catalogModule from './index';

type MockScheduler = ReturnType<typeof mockServices.scheduler> & {
  factory: typeof mockServices.scheduler.factory;
};

const ANN = 'user:default/ann';

describe('VMs in the catalog', () => {
  const folder = tempFolder();
  const lab = path.join(folder, 'lab');
  const away = path.join(folder, 'away');
  let database: TestDatabase;
  let terminal: TestEngine;
  let running: Awaited<ReturnType<typeof startBackend>>;

  beforeAll(async () => {
    database = await emptyTestDatabase();
    for (const seed of [1, 2, 3]) writeSmallVm(path.join(lab, String(seed)), { seed });
    writeSmallVm(path.join(away, '4'), { seed: 4 });
    running = await startBackend();
    terminal = await testEngine(folder, { database, sources: [], targets: [] });
  }, 360_000);
  afterAll(async () => {
    await running?.backend.stop();
    await terminal?.close();
    await database?.drop();
  });

  it('are there by themselves, owned by the rules, with their snapshots', async () => {
    const entities = await vms(4);
    expect(entities.map(({ metadata }) => metadata.title)).toEqual([
      'small 1',
      'small 2',
      'small 3',
      'small 4',
    ]);
    const [one, two] = entities;
    expect(one).toMatchObject({
      kind: 'Resource',
      metadata: { annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/snapshots': '4' } },
      spec: { type: 'virtual-machine', system: 'shop' },
    });
    expect([owner(one), owner(two)]).toEqual(['group:default/ones', 'group:default/platform']);
  });

  it('a VM that is renamed stays the same entity', async () => {
    const before = await titled('small 2');
    const vmx = path.join(lab, '2', 'small.vmx');
    writeFileSync(vmx, readFileSync(vmx, 'utf8').replace('small 2', 'renamed 2'));
    await refresh();
    const after = await titled('renamed 2');
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(await vms(4)).toHaveLength(4);
  });

  it('a migration at a terminal gets entity and owner, and the catalog its state, without a refresh', async () => {
    const { metadata } = await titled('small 1');
    const { migration } = await terminal.engine.call('start', { vm: 'lab/small 1' });
    const row = await until('the owner on the row', async () => {
      const [view] = await running.backend.as(ANN).call('getMigrations', { migration });
      return view?.owner === null ? undefined : view;
    });
    expect(row).toMatchObject({
      entity: `resource:default/${metadata.name}`,
      owner: 'group:default/ones',
    });
    const done = await until('migrated', async () => {
      const entity = await titled('small 1');
      return entity.metadata.annotations?.['vm-migrate.io/state'] === 'migrated'
        ? entity
        : undefined;
    });
    expect(done.metadata.annotations?.['vm-migrate.io/migration']).toBe(migration);
    expect(done.metadata.links).toEqual([
      { url: `https://backstage.example/vm-migrate/migrations/${migration}`, title: 'Migration' },
    ]);
    const result = await until('what it became', async () => (await results())[0]);
    const report = await running.backend.as(ANN).call('getReport', { migration });
    expect(result).toMatchObject({
      metadata: { title: 'small 1 on here' },
      spec: { type: 'migrated-virtual-machine', dependsOn: [`resource:default/${metadata.name}`] },
    });
    expect(JSON.parse(result.metadata.annotations?.['vm-migrate.io/volumes'] ?? '')).toEqual(
      Object.fromEntries(report.current.map(({ disk, volume }) => [disk, volume])),
    );
    expect(report.current[0]?.volume).toEqual(expect.any(String));
    expect(result.relations).toContainEqual({
      type: RELATION_DEPENDS_ON,
      targetRef: `resource:default/${metadata.name}`,
    });
  }, 180_000);

  it('what a VM became stays while its migration is taken up again', async () => {
    const [before] = await results();
    const [{ id = '' } = {}] = await terminal.engine.call('getMigrations', {});
    // So that it stands open while the catalog looks.
    await terminal.engine.call('setLimit', { scope: 'all', maxRunning: 0 });
    try {
      await terminal.engine.call('verify', { migration: id });
      await until('running again', async () => {
        const { annotations } = (await titled('small 1')).metadata;
        return annotations?.['vm-migrate.io/state'] === 'running' ? true : undefined;
      });
      await refresh();
      expect((await results()).map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid]);
    } finally {
      await terminal.engine.call('setLimit', { scope: 'all', maxRunning: 8 });
    }
  }, 180_000);

  it('a VM that is gone goes; what it became stays, and so does the owner of its migration', async () => {
    rmSync(path.join(lab, '1'), { recursive: true });
    rmSync(path.join(lab, '3'), { recursive: true });
    await refresh();
    const left = await vms(2);
    expect(left.map(({ metadata }) => metadata.title)).toEqual(['renamed 2', 'small 4']);
    await until('what it became, alone', async () => {
      const [result] = await results();
      return result?.spec?.['dependsOn'] === undefined ? result : undefined;
    });
    const [view] = await running.backend.as(ANN).call('getMigrations', {});
    expect(view?.owner).toBe('group:default/ones');
  }, 180_000);

  it('a source that fails keeps its VMs, with its error, also after a restart; it is logged once', async () => {
    renameSync(away, `${away}.gone`);
    await refresh();
    await refresh();
    const errorOf = ({ metadata }: Entity) => metadata.annotations?.['vm-migrate.io/source-error'];
    const failing = await until('the error', async () => {
      const entity = await titled('small 4');
      return errorOf(entity) === undefined ? undefined : entity;
    });
    expect(errorOf(failing)).toMatch(/^FILE_MISSING: /);
    expect(failing.metadata.annotations?.['vm-migrate.io/snapshots']).toBe('4');
    expect(errorOf(await titled('renamed 2'))).toBeUndefined();
    expect(warnings(running.log, 'source far')).toHaveLength(1);

    await running.backend.stop();
    running = await startBackend();
    await until('the first look', async () =>
      warnings(running.log, 'source far').length > 0 ? true : undefined,
    );
    expect((await titled('small 4')).metadata.uid).toBe(failing.metadata.uid);

    renameSync(`${away}.gone`, away);
    await refresh();
    await until('no error', async () =>
      errorOf(await titled('small 4')) === undefined ? true : undefined,
    );
  }, 360_000);

  it('while a source fails, its VMs show what their migrations are all the same', async () => {
    const seen = ({ metadata: { annotations = {} } }: Entity) => ({
      migration: annotations['vm-migrate.io/migration'],
      state: annotations['vm-migrate.io/state'],
      error: annotations['vm-migrate.io/source-error']?.slice(0, 13),
    });
    const shows = (wanted: object) =>
      until(JSON.stringify(wanted), async () => {
        const found = seen(await titled('small 4'));
        return JSON.stringify(found) === JSON.stringify(wanted) ? true : undefined;
      });
    // So that it stands open.
    await terminal.engine.call('setLimit', { scope: 'all', maxRunning: 0 });
    const { migration } = await terminal.engine.call('start', { vm: 'far/small 4' });
    await shows({ migration, state: 'running', error: undefined });
    const { uid } = (await titled('small 4')).metadata;
    renameSync(away, `${away}.gone`);
    try {
      await refresh();
      const error = 'FILE_MISSING:';
      await shows({ migration, state: 'running', error });
      // By its event, with no refresh.
      await terminal.engine.call('pause', { migration });
      await shows({ migration, state: 'paused', error });
      // By a refresh, of a backend that was not there when it happened.
      await running.backend.stop();
      await terminal.engine.call('resume', { migration });
      running = await startBackend();
      await shows({ migration, state: 'running', error });
      await running.backend.stop();
      await terminal.engine.call('cancel', { migration, objects: 'remove-all' });
      running = await startBackend();
      await until('canceled', async () => {
        const found = seen(await titled('small 4'));
        return found.state === 'canceled' ? true : undefined;
      });
      expect(seen(await titled('small 4'))).toEqual({ migration, state: 'canceled', error });
      expect((await titled('small 4')).metadata).toMatchObject({
        uid,
        links: [{ title: 'Migration' }],
        annotations: { 'vm-migrate.io/snapshots': '4' },
      });
    } finally {
      renameSync(`${away}.gone`, away);
      await terminal.engine.call('setLimit', { scope: 'all', maxRunning: 8 });
    }
    await refresh();
    await shows({ migration, state: 'canceled', error: undefined });
  }, 360_000);

  it('an owner that changes in the catalog is the owner of the migration', async () => {
    const { migration } = await terminal.engine.call('start', { vm: 'far/small 4' });
    const ownerOfRow = async () =>
      (await running.backend.as(ANN).call('getMigrations', { migration }))[0]?.owner;
    await until('the first owner', async () =>
      (await ownerOfRow()) === 'group:default/platform' ? true : undefined,
    );
    await running.backend.stop();
    running = await startBackend('fours');
    await until('the other owner', async () => {
      await running.scheduler.triggerTask('vm-migrate-owners');
      return (await ownerOfRow()) === 'group:default/fours' ? true : undefined;
    });
  }, 360_000);

  it('while the backend plugin does not answer, the catalog stays as it is', async () => {
    const before = (await vms(2)).map(({ metadata }) => metadata.uid);
    await running.backend.stop();
    running = await startBackend('fours', 'postgres://nobody@127.0.0.1:1/none');
    await expect(running.backend.as(ANN).call('getVms', {})).rejects.toMatchObject({ status: 503 });
    await refresh();
    await refresh();
    expect(warnings(running.log, 'the backend plugin does not answer')).toHaveLength(1);
    expect((await vms(2)).map(({ metadata }) => metadata.uid)).toEqual(before);
  }, 360_000);

  async function startBackend(ownerOfFours = 'platform', ownDatabase?: string) {
    const log = mockServices.logger.mock();
    const scheduler = mockServices.scheduler() as MockScheduler;
    const backend = await backendUnderTest({
      entities: 'catalog plugin',
      features: [
        catalogPlugin,
        catalogModule,
        log.factory,
        scheduler.factory({ skipTaskRunOnStartup: true }),
      ],
      config: {
        app: { baseUrl: 'https://backstage.example' },
        catalog: {
          providers: {
            vmMigrate: {
              owner: {
                default: 'platform',
                rules: [
                  { source: 'lab', namePattern: 'small 1', owner: 'ones', system: 'shop' },
                  { namePattern: 'small 4', owner: ownerOfFours },
                ],
              },
            },
          },
        },
      },
      database: backendDatabaseOf(database),
      section: {
        ...(ownDatabase === undefined ? {} : { database: { url: ownDatabase } }),
        ...migratesInto(folder),
        sources: {
          lab: { kind: 'vm-directory', folder: lab },
          far: { kind: 'vm-directory', folder: away },
        },
      },
    });
    if (ownDatabase === undefined) await backend.ready();
    return { backend, log, scheduler };
  }

  /** As the schedule does. */
  async function refresh(): Promise<void> {
    await running.scheduler.triggerTask('vm-migrate-refresh');
  }

  async function ofType(type: string): Promise<Entity[]> {
    const url = new URL('/api/catalog/entities', running.backend.url);
    url.searchParams.set('filter', `kind=resource,spec.type=${type}`);
    const answer = await fetch(url, { headers: running.backend.header(ANN) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    const entities = (await answer.json()) as Entity[];
    return entities.sort((a, b) => (a.metadata.title ?? '').localeCompare(b.metadata.title ?? ''));
  }

  /** When there are so many. */
  function vms(count: number): Promise<Entity[]> {
    return until(`${count} VMs`, async () => {
      const found = await ofType('virtual-machine');
      return found.length === count ? found : undefined;
    });
  }

  function titled(title: string): Promise<Entity> {
    return until(title, async () =>
      (await ofType('virtual-machine')).find(({ metadata }) => metadata.title === title),
    );
  }

  function results(): Promise<Entity[]> {
    return ofType('migrated-virtual-machine');
  }
});

function owner(entity: Entity | undefined): string | undefined {
  return entity?.relations?.find(({ type }) => type === RELATION_OWNED_BY)?.targetRef;
}

function warnings(log: ReturnType<typeof mockServices.logger.mock>, words: string): string[] {
  return log.warn.mock.calls.map(([message]) => message).filter(line => line.includes(words));
}
