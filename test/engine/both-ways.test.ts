/** Every verb that calls operations prints the same with a database as through a backend: the built program, both ways. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { mockCredentials } from '@backstage/backend-test-utils';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../packages/engine/src/testing/test-database';
import { run, worldIn, type World } from '../../kubectl-plugin/src/testing/run-program';
import { VERBS } from '../../kubectl-plugin/src/verbs';
import {
  backendUnderTest,
  type BackendUnderTest,
} from '../../plugins/vm-migrate-backend/src/testing/backend-under-test';
import { writeSmallVm } from '../kill/small-vm';

/** Arguments of each verb; `ID` is a migration. Several lines: one after the other. */
const LINES: Readonly<Record<string, readonly string[][]>> = {
  get: [
    'sources',
    'targets',
    'vms',
    'migrations',
    'layers',
    'snapshots',
    'workers',
    'queue',
  ].flatMap(kind => [
    ['get', kind],
    ['get', kind, '-o', 'json'],
    ['get', kind, '-o', 'wide'],
  ]),
  tree: [
    ['tree', 'lab/small 1'],
    ['tree', 'ID', '-o', 'json'],
  ],
  status: [['status'], ['status', 'ID', '-o', 'yaml']],
  describe: [
    ['describe', 'ID'],
    ['describe', 'm-zzzzzzzz'],
  ],
  logs: [['logs', 'ID']],
  plan: [
    ['plan', 'lab/small 2'],
    ['plan', 'lab/small 2', '-o', 'json'],
    ['plan', 'lab/none'],
  ],
  start: [
    ['start', 'lab/small 1', '--detach'],
    ['start', 'lab/small 1', '--detach', '-o', 'json'],
  ],
  wait: [['wait', 'ID', '--for=migrated', '--timeout', '1s']],
  pause: [['pause', 'ID']],
  resume: [['resume', 'ID']],
  retry: [['retry', 'ID']],
  cancel: [['cancel', 'm-zzzzzzzz', '--keep-all', '--yes']],
  verify: [
    ['verify', 'ID'],
    ['verify', 'ID', '--full', '--detach'],
  ],
  report: [['report', 'ID', '-o', 'json']],
  limits: [['limits'], ['limits', '-o', 'json']],
  recover: [['recover', 'lab/none']],
  cleanup: [['cleanup'], ['cleanup', '-o', 'json']],
};
const LOOKING = new Set(['get', 'tree', 'status', 'describe', 'logs', 'plan', 'report', 'limits']);
/** They call nothing. */
const WITHOUT_OPERATIONS = ['explain', 'completion', 'version'];

describe('both ways', () => {
  const folder = tempFolder();
  let database: TestDatabase;
  let backend: BackendUnderTest;
  let direct: World;
  let remote: World;
  let id = '';

  beforeAll(async () => {
    database = await emptyTestDatabase();
    for (const seed of [1, 2])
      writeSmallVm(path.join(folder, 'vms', String(seed)), { seed, baseBytes: 64 * 1024 });
    const section = {
      database: { url: database.url },
      sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
      targets: {
        here: {
          kind: 'local-directory',
          classes: { fast: { folder: path.join(folder, 'volumes'), default: true } },
        },
      },
    };
    writeFileSync(path.join(folder, 'config.yaml'), JSON.stringify({ vmMigrate: section }));
    direct = worldIn(folder, { VM_MIGRATE_CONFIG: path.join(folder, 'config.yaml') });
    backend = await backendUnderTest({
      section: { ...section, worker: { enabled: false } },
      database: { client: 'better-sqlite3', connection: ':memory:' },
    });
    await backend.ready();
    remote = worldIn(folder, {
      VM_MIGRATE_CONFIG: path.join(folder, 'nothing.yaml'),
      VM_MIGRATE_API_URL: backend.url,
      VM_MIGRATE_API_TOKEN: mockCredentials.user.token('user:default/ann'),
    });
    writeFileSync(path.join(folder, 'nothing.yaml'), 'vmMigrate: {}\n');
    id = (await backend.as('user:default/ann').call('start', { vm: 'lab/small 1' })).migration;
  }, 360_000);
  afterAll(async () => {
    await backend?.stop();
    await database?.drop();
  });

  it('every verb is here, or says why it acts on this machine', () => {
    for (const { name, onThisMachine } of VERBS)
      expect([
        name,
        name in LINES || WITHOUT_OPERATIONS.includes(name) || onThisMachine !== undefined,
      ]).toEqual([name, true]);
  });

  it.each(Object.entries(LINES))(
    '%s',
    async (verb, lines) => {
      for (const line of lines) {
        const words = line.map(word => (word === 'ID' ? id : word));
        const first = run(direct, ...words);
        // What changes something is asked one after the other.
        if (!LOOKING.has(verb)) await first;
        const [one, other] = await Promise.all([first, run(remote, ...words)]);
        expect({ words, ...plain(other) }).toEqual({ words, ...plain(one) });
      }
    },
    360_000,
  );

  it.each([
    [['worker'], /worker does not call the backend/],
    [['doctor'], /doctor does not call the backend/],
    [['plan', './vms/1'], /is a path on this machine/],
    [['get', 'vms', '-n', 'x'], /--namespace is about this machine/],
    [['plan', 'lab/small 2', '--dry-run=client'], /--dry-run, .* needs the database/],
    [
      ['get', 'vms', '--database-url', 'postgres://x/y', '--api-url', 'http://x'],
      /a backend or a database/,
    ],
  ] as [string[], RegExp][])(
    '%j says that it acts on this machine',
    async (words, said) => {
      const { code, stderr } = await run(remote, ...words);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(said) as string });
    },
    30_000,
  );

  it('without a good token it says so, and never prints it', async () => {
    const world = worldIn(folder, {
      ...remote.environment,
      VM_MIGRATE_API_TOKEN: mockCredentials.user.invalidToken(),
    });
    const { code, stderr } = await run(world, 'get', 'vms');
    expect(code).toBe(1);
    expect(stderr).toMatch(/NOT_SIGNED_IN/);
    expect(stderr).not.toContain(mockCredentials.user.invalidToken());
  }, 30_000);
});

/** What differs from call to call: times of this moment, who asked, ids of rounds. */
function plain({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }) {
  const same = (text: string) =>
    text
      .replace(/\b\d+(\.\d+)? (ms|s|min)( ago)?\b/g, 'TIME')
      // Ages of two moments, and what their widths move.
      .replace(/ +(\d+(ms|s|m|h|d))+(?=[ ,)]|$)/gm, ' AGE')
      .replace(/\bAGE +/g, 'AGE ')
      .replace(/"ageMs": \d+/g, '"ageMs": N')
      .replace(/"generatedAt": ?"[^"]*"/g, 'NOW')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'AT')
      // What else is written on this disk meanwhile is no difference.
      .replace(/"freeBytes": \d+/g, '"freeBytes": N')
      .replace(/\b[\d.]+ \w+ free\b/g, 'FREE');
  return { code, stdout: same(stdout), stderr: same(stderr) };
}
