/**
 * The end of a migration in Backstage's own notifications, beside its own catalog, on real PostgreSQL:
 * whoever started it and whoever belongs to the owner can read it, and nobody else.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import notificationsPlugin from '@backstage/plugin-notifications-backend';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { testEngine } from '../../../packages/engine/src/testing/test-engine';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { until } from '../../../test/kill/until';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';
import { backendDatabaseOf } from './testing/backend-database-of';
import { migratesInto } from './testing/migrates-into';

const STARTER = 'user:default/ann';
const OF_THE_OWNER = 'user:default/olga';
const STRANGER = 'user:default/sam';

interface Notification {
  readonly user: string;
  readonly origin: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

describe('the end of a migration in the notifications of Backstage', () => {
  const folder = tempFolder();
  const vms = path.join(folder, 'vms');
  const sources = { lab: { kind: 'vm-directory', folder: vms } };
  let database: TestDatabase;
  let backend: BackendUnderTest;
  let start: () => Promise<BackendUnderTest>;

  beforeAll(async () => {
    database = await emptyTestDatabase();
    writeSmallVm(path.join(vms, '1'), { seed: 1, baseBytes: 64 * 1024 });
    const entities = path.join(folder, 'entities.yaml');
    writeFileSync(entities, catalogOf(await idOfVm()));
    start = () =>
      backendUnderTest({
        database: backendDatabaseOf(database),
        entities: 'catalog plugin',
        features: [catalogPlugin, notificationsPlugin],
        config: {
          app: { baseUrl: 'https://backstage.example' },
          catalog: {
            rules: [{ allow: ['User', 'Group', 'Resource'] }],
            locations: [{ type: 'file', target: entities }],
          },
        },
        section: {
          ...migratesInto(folder),
          sources,
        },
      });
    backend = await start();
    await backend.ready();
    // A group's members are its relations, which the catalog makes last.
    await until(async () => {
      const answer = await get(STARTER, '/api/catalog/entities/by-name/group/default/storage');
      return answer.ok && JSON.stringify(await answer.json()).includes('hasMember');
    });
  }, 360_000);
  afterAll(async () => {
    await backend?.stop();
    await database?.drop();
  });

  it('is read by whoever started it and by the owner, once, and by no other', async () => {
    const { migration } = await backend.as(STARTER).call('start', { vm: 'lab/small 1' });
    const expected = {
      origin: 'plugin:vm-migrate',
      payload: expect.objectContaining({
        title: 'Migration of small 1 is migrated',
        link: `/vm-migrate/migrations/${migration}`,
        topic: 'vm-migrate',
        scope: `vm-migrate:${migration}`,
        severity: 'normal',
      }) as unknown,
    };
    for (const user of [STARTER, OF_THE_OWNER]) {
      const told = await until(async () => {
        const all = await notificationsOf(user);
        return all.length > 0 && all;
      }, 50_000);
      expect(told).toMatchObject([{ user, ...expected }]);
    }
    expect(await notificationsOf(STRANGER)).toEqual([]);
    const [mine] = await notificationsOf(STARTER);
    const { id } = mine as unknown as { id: string };
    expect((await get(STARTER, `/api/notifications/notifications/${id}`)).status).toBe(200);
    expect((await get(STRANGER, `/api/notifications/notifications/${id}`)).status).toBe(404);
  }, 180_000);

  it('that came while no backend ran is told by the next one', async () => {
    writeSmallVm(path.join(vms, '2'), { seed: 2, baseBytes: 64 * 1024 });
    const begun = { vm: 'lab/small 2', begin: 'when-resumed' } as const;
    const { migration } = await backend.as(STARTER).call('start', begun);
    await backend.stop();
    const other = await testEngine(folder, {
      database,
      sources: [{ name: 'lab', kind: 'vm-directory', options: { folder: vms } }],
    });
    try {
      await other.startWorker();
      await other.engine.call('cancel', { migration, objects: 'keep-all' });
      await other.until(migration, ['canceled']);
    } finally {
      await other.close();
    }
    backend = await start();
    await backend.ready();
    const told = await until(async () => {
      const all = await notificationsOf(STARTER);
      return all.length > 1 && all;
    }, 30_000);
    // What was told before is not told again.
    expect(told).toHaveLength(2);
    expect(told).toContainEqual(
      expect.objectContaining({
        payload: expect.objectContaining({
          scope: `vm-migrate:${migration}`,
          severity: 'low',
        }) as unknown,
      }),
    );
  }, 360_000);

  async function notificationsOf(user: string): Promise<Notification[]> {
    const answer = await get(user, '/api/notifications/notifications');
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { notifications: Notification[] }).notifications;
  }

  function get(user: string, of: string): Promise<Response> {
    return fetch(new URL(of, backend.url), { headers: backend.header(user) });
  }

  /** As its source names it; the entity stands in a file before the backend starts. */
  async function idOfVm(): Promise<string> {
    mkdirSync(path.join(folder, 'look'));
    const looker = await testEngine(path.join(folder, 'look'), {
      sources: [{ name: 'lab', kind: 'vm-directory', options: { folder: vms } }],
    });
    try {
      const [vm] = await looker.engine.call('getVms', {});
      return vm?.id ?? '';
    } finally {
      await looker.close();
    }
  }
});

function catalogOf(vmId: string): string {
  const entity = (kind: string, name: string, spec: object, annotations: object = {}) =>
    JSON.stringify({
      apiVersion: 'backstage.io/v1alpha1',
      kind,
      metadata: { name, annotations },
      spec,
    });
  return [
    entity('User', 'ann', { memberOf: [] }),
    entity('User', 'olga', { memberOf: ['storage'] }),
    entity('User', 'sam', { memberOf: [] }),
    entity('Group', 'storage', { type: 'team', children: [] }),
    entity(
      'Resource',
      'small-1',
      { type: 'virtual-machine', owner: 'storage' },
      { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': vmId },
    ),
  ].join('\n---\n');
}
