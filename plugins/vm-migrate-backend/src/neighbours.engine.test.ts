/**
 * What is around the plugin in a Backstage: a catalog that is not installed, notifications that are
 * or are not, another plugin that brings kinds of sources and targets; and how many changes one
 * person may make. Each with Backstage's own clients over HTTP where there is one.
 */
import path from 'node:path';
import { createBackendModule, createServiceFactory } from '@backstage/backend-plugin-api';
import { InputError } from '@backstage/errors';
import {
  notificationService,
  type NotificationSendOptions,
} from '@backstage/plugin-notifications-node';
import type { ApiError } from '@vm-migrate/api';
import { vmMigrateKindsExtensionPoint } from '@vm-migrate/backstage-plugin-vm-migrate-node';
import { openSourcePlace, openTargetPlace } from '@vm-migrate/engine';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { moverProgram } from '../../../packages/engine/src/testing/test-engine';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';

const ANN = 'user:default/ann';

/** A plugin's own kinds: a source that is a shelf of folders, a target that is a rack of disks. */
const shelfAndRack = createBackendModule({
  pluginId: 'vm-migrate',
  moduleId: 'shelf-and-rack',
  register(env) {
    env.registerInit({
      deps: { kinds: vmMigrateKindsExtensionPoint },
      async init({ kinds }) {
        kinds.addSourceKind({
          kind: 'shelf',
          open: async ({ name, options }) => {
            if (typeof options['shelf'] !== 'string') throw new InputError('shelf: which folder?');
            return openSourcePlace({
              name,
              kind: 'vm-directory',
              options: { folder: options['shelf'] },
              credentialRef: null,
              host: null,
            });
          },
        });
        kinds.addTargetKind({
          kind: 'rack',
          open: ({ name, options }, { mover }) =>
            openTargetPlace(
              {
                name,
                kind: 'local-directory',
                options: { classes: { disks: { path: options['rack'], default: true } } },
                credentialRef: null,
                host: null,
              },
              mover,
              moverProgram(),
            ),
        });
      },
    });
  },
});

describe('the neighbours of the plugin', () => {
  const folder = tempFolder();
  const sent: NotificationSendOptions[] = [];
  let onSent: () => void = () => undefined;
  let database: TestDatabase;
  let backend: BackendUnderTest;
  let lonely: BackendUnderTest;

  beforeAll(async () => {
    database = await emptyTestDatabase();
    for (const seed of [1, 2, 3])
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed, baseBytes: 64 * 1024 });
    const section = {
      database: { url: database.url },
      stateFolder: path.join(folder, 'state'),
      sources: { shelf: { kind: 'shelf', shelf: path.join(folder, 'vms') } },
      targets: { rack: { kind: 'rack', rack: path.join(folder, 'rack'), default: true } },
    };
    const common = { database: { client: 'better-sqlite3', connection: ':memory:' } };
    backend = await backendUnderTest({
      ...common,
      section: { ...section, requests: { changesPerMinute: 3 } },
      // Backstage's own client of the catalog, and no catalog that it could reach.
      entities: 'catalog plugin',
      features: [
        shelfAndRack,
        createServiceFactory({
          service: notificationService,
          deps: {},
          factory: () => ({
            send: async (notification: NotificationSendOptions) => {
              sent.push(notification);
              onSent();
            },
          }),
        }),
      ],
    });
    // Without notifications, and with no worker that would be quicker than the other backend's.
    lonely = await backendUnderTest({
      ...common,
      section: { ...section, worker: { enabled: false } },
      entities: 'catalog plugin',
      features: [shelfAndRack],
    });
    await backend.ready();
    await lonely.ready();
  }, 360_000);
  afterAll(async () => {
    await backend?.stop();
    await lonely?.stop();
    await database?.drop();
  });

  it('a VM of a kind that another plugin brought is migrated to a target of such a kind, without a catalog', async () => {
    const ann = backend.as(ANN);
    expect(await ann.call('getSources', {})).toMatchObject([
      { name: 'shelf', kind: 'shelf', vms: 3, error: null },
    ]);
    expect(await ann.call('getTargets', {})).toMatchObject([
      { name: 'rack', kind: 'rack', isDefault: true, error: null, classes: [{ name: 'disks' }] },
    ]);
    const { migration } = await ann.call('start', { vm: 'shelf/small 1' });
    await ended(migration, 'migration-migrated');
    const [view] = await ann.call('getMigrations', { migration });
    // There is no catalog, so nobody owns it.
    expect(view).toMatchObject({ state: 'migrated', target: 'rack', entity: null, owner: null });
    expect(view?.snapshots).toEqual({ total: 4, ready: 4 });
  }, 360_000);

  it('whoever started is told of the end, once and with the way there', async () => {
    const ofEnd = (): NotificationSendOptions[] =>
      sent.filter(({ payload }) => /is migrated/.test(payload.title));
    await new Promise<void>(resolve => {
      onSent = () => ofEnd().length > 0 && resolve();
      onSent();
    });
    const [migration] = await backend.as(ANN).call('getMigrations', {});
    expect(ofEnd()).toEqual([
      {
        recipients: { type: 'entity', entityRef: [ANN] },
        payload: {
          title: 'Migration of small 1 is migrated',
          link: `/vm-migrate/migrations/${migration?.id ?? ''}`,
          severity: 'normal',
          topic: 'vm-migrate',
          scope: `vm-migrate:${migration?.id ?? ''}`,
        },
      },
    ]);
  }, 30_000);

  it('without notifications a migration ends as well', async () => {
    const { migration } = await lonely.as(ANN).call('start', { vm: 'shelf/small 2' });
    await ended(migration, 'migration-migrated');
    const { message } = await refusal(() => lonely.as(ANN).call('pause', { migration }));
    expect(message).toMatch(/it is migrated/);
  }, 360_000);

  it('a person makes so many changes a minute, and is told when the next one may come', async () => {
    const bob = backend.as('user:default/bob');
    for (let change = 0; change < 3; change++)
      await bob.call('setLimit', { scope: 'source:shelf', maxRunning: 4 });
    const denied = await refusal(() =>
      bob.call('setLimit', { scope: 'source:shelf', maxRunning: 5 }),
    );
    expect(denied).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      status: 429,
      data: { retry: 'later', hint: expect.stringMatching(/again in \d+ s/) as string },
    });
    const answer = await fetch(`${backend.url}/v1/setLimit`, {
      method: 'POST',
      body: JSON.stringify({ scope: 'source:shelf', maxRunning: 5 }),
      headers: { ...backend.header('user:default/bob'), 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(429);
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    // Looking is no change, and others have a count of their own.
    const limits = await bob.call('getLimits', {});
    expect(limits.find(({ scope }) => scope === 'source:shelf')?.maxRunning).toBe(4);
    await backend
      .as('user:default/carl')
      .call('setLimit', { scope: 'source:shelf', maxRunning: 6 });
    const outcomes = backend.audited.filter(
      ({ eventId, meta }) => eventId === 'set-limit' && meta['actor'] === 'user:default/bob',
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'succeeded',
      'succeeded',
      'succeeded',
      'failed',
      'failed',
    ]);
  }, 30_000);

  async function ended(migration: string, kind: string): Promise<void> {
    const stop = new AbortController();
    for await (const event of lonely.as(ANN).events({ signal: stop.signal, after: 0, migration })) {
      if (event.kind === 'migration-failed') throw new Error(event.message);
      if (event.kind === kind) break;
    }
    stop.abort();
  }

  async function refusal(work: () => Promise<unknown>): Promise<ApiError> {
    try {
      await work();
    } catch (error) {
      return error as ApiError;
    }
    throw new Error('it was not refused');
  }
});
