/**
 * A software template whose backend is killed under it: the scaffolder of the next backend takes the
 * task up again, it comes to its right end, and its VM was migrated once.
 */
import path from 'node:path';
import type { ApiClient } from '@vm-migrate/api';
import { openEngine, type Engine } from '../../packages/engine/src/engine';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../packages/engine/src/testing/test-database';
import { moverProgram } from '../../packages/engine/src/testing/test-engine';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { backendDatabaseOf } from '../../plugins/vm-migrate-backend/src/testing/backend-database-of';
import { BackendProcess } from './backend-process';
import { SMALL_VM_POINTS, writeSmallVm } from './small-vm';
import { until } from './until';

const MIB = 1024 * 1024;
const PATIENCE_MS = 60_000;
const EXAMPLES = path.resolve(__dirname, '../../examples');

interface Task {
  readonly status: string;
  readonly events: readonly {
    readonly type: string;
    readonly body: { readonly message: string; readonly stepId?: string; readonly output?: object };
  }[];
}

describe('a template whose backend is killed', () => {
  const folder = tempFolder();
  const classFolder = path.join(folder, 'volumes');
  let database: TestDatabase;
  let engine: Engine;
  let backend: BackendProcess;
  let guest: ApiClient;
  let vms: WrittenVm[];

  beforeAll(async () => {
    database = await emptyTestDatabase();
    vms = [1, 2].map(seed =>
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed, baseBytes: MIB }),
    );
    const file = (name: string) => ({ type: 'file', target: path.join(EXAMPLES, name) });
    backend = await BackendProcess.start(
      folder,
      {
        database: { url: database.url },
        stateFolder: path.join(folder, 'state'),
        sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
        targets: {
          here: {
            kind: 'local-directory',
            classes: { fast: { folder: classFolder, default: true } },
          },
        },
        worker: { leaseSeconds: 3 },
      },
      {
        // Tasks, and the keys that tokens are signed with, outlive the process.
        backend: { database: backendDatabaseOf(database) },
        scaffolder: { taskRecovery: { enabled: true, staleTimeout: { seconds: 2 } } },
        catalog: {
          rules: [{ allow: ['Template', 'User', 'Group'] }],
          locations: [file('templates/migrate-vm.yaml'), file('catalog/users.yaml')],
          providers: { vmMigrate: { owner: { default: 'group:default/guests' } } },
        },
      },
    );
    guest = backend.client();
    engine = await openEngine({
      databaseUrl: database.url,
      databaseName: 'test',
      applicationName: 'vm-migrate test',
      sources: [],
      targets: [],
      moverProgram: moverProgram(),
    });
    await until(async () => (await entitiesOf('kind=template')).length === 1, PATIENCE_MS);
  }, 240_000);

  afterAll(async () => {
    await backend?.kill();
    await engine?.close();
    await database?.drop();
  });

  it('while it waits: the next one waits on, and ends with the migration', async () => {
    // Nothing is worked on, so that the wait is surely not over.
    await engine.call('setLimit', { scope: 'all', maxRunning: 0 });
    const task = await begin('small 1');
    await until(
      async () => said(await look(task), 'wait', /small 1 \(m-[a-z0-9]+\): running/),
      PATIENCE_MS,
    );
    await backend.kill();
    await engine.call('setLimit', { scope: 'all', maxRunning: 8 });
    await backend.restart();

    await expectDone(task, 'small 1', vms[0] as WrittenVm);
  }, 360_000);

  it('while it starts: the next one finds what was started, or starts it', async () => {
    // Else the task might end before the kill.
    await engine.call('setLimit', { scope: 'all', maxRunning: 0 });
    const task = await begin('small 2');
    await until(
      async () => (await look(task)).events.some(({ body }) => body.stepId === 'start'),
      PATIENCE_MS,
    );
    await backend.kill();
    await engine.call('setLimit', { scope: 'all', maxRunning: 8 });
    await backend.restart();

    await expectDone(task, 'small 2', vms[1] as WrittenVm);
  }, 360_000);

  async function expectDone(task: string, name: string, vm: WrittenVm): Promise<void> {
    const { status, events } = await until(async () => {
      const now = await look(task);
      return (now.status === 'completed' || now.status === 'failed') && now;
    }, 150_000);
    const log = events.map(({ type, body }) => `${type}: ${body.message}`).join('\n');
    expect([status, log]).toEqual(['completed', expect.any(String)]);
    expect(events.map(({ type }) => type)).toContain('recovered');

    const found = await guest.call('getMigrations', { vm: name });
    expect(found).toMatchObject([{ state: 'migrated' }]);
    const id = found[0]?.id ?? '';
    expect(events.find(({ type }) => type === 'completion')?.body.output).toMatchObject({
      links: [
        { title: 'The migration', url: `/vm-migrate/migrations/${id}` },
        { title: 'The migrated VM' },
      ],
    });
    const [begun] = await engine.database.query<{ times: number }>(
      `select count(*) as times from vm_migrate.event where migration_id = $1 and kind = 'started'`,
      [id],
    );
    expect(begun?.times).toBe(1);
    expect(await expectMigrated(engine, id, vm, classFolder)).toBe(SMALL_VM_POINTS);
  }

  /** Runs the template as a guest does; answers the task's id. */
  async function begin(title: string): Promise<string> {
    const vm = await until(
      async () =>
        (await entitiesOf('kind=resource,spec.type=virtual-machine')).find(
          ({ metadata }) => metadata.title === title,
        ),
      PATIENCE_MS,
    );
    const answer = await backend.fetch('/api/scaffolder/v2/tasks', {
      method: 'POST',
      body: JSON.stringify({
        templateRef: 'template:default/migrate-vm',
        values: {
          vm: `resource:default/${vm.metadata.name}`,
          keep: { rule: 'all' },
          until: 'end',
          minutes: 5,
        },
      }),
    });
    const { id } = (await answer.json()) as { id: string };
    return id;
  }

  async function look(task: string): Promise<Task> {
    const [state, events] = await Promise.all(
      ['', '/events'].map(async part => {
        const answer = await backend.fetch(`/api/scaffolder/v2/tasks/${task}${part}`);
        return (await answer.json()) as unknown;
      }),
    );
    return {
      status: (state as { status: string }).status,
      events: events as Task['events'],
    };
  }

  async function entitiesOf(
    filter: string,
  ): Promise<{ readonly metadata: { readonly name: string; readonly title?: string } }[]> {
    const answer = await backend.fetch(`/api/catalog/entities?filter=${filter}`);
    return (await answer.json()) as { metadata: { name: string; title?: string } }[];
  }
});

function said({ events }: Task, step: string, words: RegExp): boolean {
  return events.some(({ body }) => body.stepId === step && words.test(body.message));
}
