/**
 * The catalog in a backend of its own, apart from that of the vm-migrate plugin, each with its own
 * database, as two deployments: the module finds the other one by discovery and is let in by its
 * plugin's token. Backstage's own services on both sides, over HTTP.
 */
import path from 'node:path';
import { createBackend } from '@backstage/backend-defaults';
import type { BackendFeature } from '@backstage/backend-plugin-api';
import { mockServices } from '@backstage/backend-test-utils';
import type { Entity } from '@backstage/catalog-model';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import type { JsonObject } from '@backstage/types';
import vmMigratePlugin from '@vm-migrate/backstage-plugin-vm-migrate-backend';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { testEngine, type TestEngine } from '../../../packages/engine/src/testing/test-engine';
import { freePort } from '../../../test/free-port';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { until } from '../../../test/kill/until';
import { backendDatabaseOf } from '../../vm-migrate-backend/src/testing/backend-database-of';
import { migratesInto } from '../../vm-migrate-backend/src/testing/migrates-into';
import { unrefIntervals } from '../../vm-migrate-backend/src/testing/unref-intervals';
import catalogModule from './index';

/** Of a reader that is no plugin. */
const READER = 'a-token-of-a-reader-that-is-long-enough';

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

describe('the catalog in another backend', () => {
  const folder = tempFolder();
  const databases: TestDatabase[] = [];
  const backends: Running[] = [];
  let terminal: TestEngine;
  let catalogUrl: string;
  let migrateUrl: string;

  beforeAll(async () => {
    unrefIntervals();
    databases.push(await emptyTestDatabase(), await emptyTestDatabase());
    for (const seed of [1, 2])
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed, baseBytes: 64 * 1024 });
    const [catalogPort, migratePort] = [await freePort(), await freePort()];
    catalogUrl = `http://127.0.0.1:${catalogPort}`;
    migrateUrl = `http://127.0.0.1:${migratePort}`;
    const endpoints = [
      { target: `${catalogUrl}/api/{{pluginId}}`, plugins: ['catalog'] },
      { target: `${migrateUrl}/api/{{pluginId}}`, plugins: ['vm-migrate'] },
    ];
    const common = (port: number, database: TestDatabase | undefined) => ({
      baseUrl: `http://127.0.0.1:${port}`,
      listen: { host: '127.0.0.1', port },
      database: backendDatabaseOf(database ?? { url: '' }),
      auth: {
        externalAccess: [{ type: 'static', options: { token: READER, subject: 'reader' } }],
      },
    });
    const migrate = await start([vmMigratePlugin], {
      backend: common(migratePort, databases[0]),
      discovery: { endpoints },
      vmMigrate: {
        ...migratesInto(folder),
        sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
      },
    });
    backends.push({ url: migrateUrl, ...migrate });
    await until(async () => (await fetch(`${migrateUrl}/api/vm-migrate/health`)).ok);
    const catalog = await start([catalogPlugin, catalogModule], {
      app: { baseUrl: 'https://backstage.example' },
      backend: common(catalogPort, databases[1]),
      discovery: { endpoints },
      catalog: {
        providers: {
          vmMigrate: {
            owner: { default: 'platform' },
            schedule: { frequency: { seconds: 2 }, timeout: { minutes: 1 } },
          },
        },
      },
    });
    backends.push({ url: catalogUrl, ...catalog });
    terminal = await testEngine(folder, {
      // The plugin's tables, which the plugin has made.
      database: databases[0] as TestDatabase,
      sources: [],
      targets: [],
    });
  }, 180_000);
  afterAll(async () => {
    await terminal?.close();
    await Promise.all(backends.map(backend => backend.stop()));
    await Promise.all(databases.map(database => database.drop()));
  });

  it('has the VMs, follows a migration, and tells who owns it; without a token nobody is let in', async () => {
    const unknown = await fetch(`${migrateUrl}/api/vm-migrate/v1/getVms`, { method: 'POST' });
    expect(unknown.status).toBe(401);

    const vms = await until(async () => {
      const found = await virtualMachines();
      return found.length === 2 && found;
    });
    expect(vms.map(({ metadata }) => metadata.title).sort()).toEqual(['small 1', 'small 2']);

    const { migration } = await terminal.engine.call('start', { vm: 'lab/small 1' });
    const migrated = await until(
      async () =>
        (await virtualMachines()).find(
          ({ metadata }) => metadata.annotations?.['vm-migrate.io/state'] === 'migrated',
        ),
      90_000,
    );
    expect(migrated.metadata).toMatchObject({
      title: 'small 1',
      annotations: { 'vm-migrate.io/migration': migration },
    });
    const view = await until(async () => {
      const [row] = await terminal.engine.call('getMigrations', { migration });
      return row?.owner !== null && row;
    });
    expect(view).toMatchObject({
      entity: `resource:default/${migrated.metadata.name}`,
      owner: 'group:default/platform',
    });
  }, 180_000);

  async function virtualMachines(): Promise<Entity[]> {
    const url = new URL('/api/catalog/entities', catalogUrl);
    url.searchParams.set('filter', 'kind=resource,spec.type=virtual-machine');
    const answer = await fetch(url, { headers: { authorization: `Bearer ${READER}` } });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Entity[];
  }
});

async function start(
  features: readonly BackendFeature[],
  data: JsonObject,
): Promise<Pick<Running, 'stop'>> {
  const backend = createBackend();
  backend.add(mockServices.rootConfig.factory({ data }));
  backend.add(mockServices.rootLogger.factory({ level: 'warn' }));
  for (const feature of features) backend.add(feature);
  await backend.start();
  return { stop: () => backend.stop() };
}
