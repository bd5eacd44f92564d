/** What a real kubectl offers on TAB, from a database that runs; and how still it is when none does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { MigrationView, VmView } from '@vm-migrate/api';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testDatabase, type TestDatabase } from '../../packages/engine/src/testing/test-database';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { BIN_FOLDER, run, worldIn, type World } from './testing/run-program';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;

/** Plugins are completed since 1.26; Debian 12 has 1.20. */
const COMPLETES_SINCE = 26;
const kubectlMinor = Number.parseInt(
  /"minor": *"(\d+)/.exec(
    spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' }).stdout ?? '',
  )?.[1] ?? '0',
  10,
);
const byKubectl = kubectlMinor >= COMPLETES_SINCE ? it : it.skip;
const why =
  kubectlMinor >= COMPLETES_SINCE
    ? ''
    : ' [platform: kubectl is absent or does not complete plugins]';

describe('names on TAB', () => {
  const folder = tempFolder();
  let database: TestDatabase;
  let world: World;
  let vms: readonly VmView[];
  let migrations: readonly MigrationView[];

  beforeAll(async () => {
    database = await testDatabase();
    world = worldIn(folder, {
      VM_MIGRATE_DATABASE_URL: database.url,
      VM_MIGRATE_CONFIG: path.join(folder, 'config.yaml'),
    });
    writeVm('vms/web', 'web-1');
    writeVm('vms/running', 'db', 'running');
    writeVm('vms/spaces', 'mail "old" server');
    writeVm('more/web', 'twin');
    writeVm('vms/twin', 'twin');
    mkdirSync(path.join(folder, 'volumes'));
    writeFileSync(
      path.join(folder, 'config.yaml'),
      `vmMigrate:
  sources:
    lab: { kind: vm-directory, folder: vms }
    depot: { kind: vm-directory, folder: more }
  targets:
    here: { kind: local-directory, classes: { quick: { folder: volumes, default: true }, slow: { folder: volumes2 } } }
`,
    );
    vms = await items<VmView>('get', 'vms');
    for (const args of [['lab/web-1'], ['lab/db', '--accept', 'current-not-frozen:current']]) {
      const started = await run(world, 'start', ...args, '--detach');
      expect(started).toMatchObject({ code: 0 });
    }
    migrations = await items<MigrationView>('get', 'migrations');
    expect(migrations).toHaveLength(2);
  }, 360_000);
  afterAll(() => database?.drop());

  function writeVm(name: string, displayName: string, power: 'off' | 'running' = 'off'): void {
    const vm = new VmBuilder({ folder: path.join(folder, name), name: 'disk', displayName });
    const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 8 * MIB });
    vm.write(disk, 0, seededBytes(MIB, 1));
    vm.takeSnapshot('one');
    vm.power = power;
    vm.finish();
  }

  const items = async <T>(...args: string[]): Promise<T[]> => {
    const { code, stdout, stderr } = await run(world, ...args, '-o', 'json');
    if (code !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { items: T[] }).items;
  };
  const idOf = (name: string): string => vms.find(vm => vm.name === name)?.id ?? 'none';

  /** A program of PATH, which leads to the shims first. */
  const called = (command: string, words: readonly string[], more: Record<string, string> = {}) =>
    spawnSync(command, words, {
      encoding: 'utf8',
      cwd: folder,
      env: {
        ...world.environment,
        ...more,
        PATH: `${BIN_FOLDER}:${path.dirname(process.execPath)}:${world.environment['PATH'] ?? ''}`,
      },
    });

  /** The shim itself, as kubectl calls it. */
  const shim = (words: readonly string[], more: Record<string, string> = {}) => {
    const startedAt = performance.now();
    const ended = called('kubectl_complete-vm_migrate', words, more);
    const lines = ended.stdout.split('\n').filter(line => line !== '');
    return {
      ...ended,
      tookMs: performance.now() - startedAt,
      directive: lines.at(-1),
      offered: lines.slice(0, -1).map(line => line.split('\t')[0]),
      lines,
    };
  };

  /** What is offered matters here, not how fast: the machine may be busy with other tests. */
  const PATIENT = { VM_MIGRATE_COMPLETION_MS: '20000' };

  const offers = (...words: string[]): readonly (string | undefined)[] => {
    const { offered, stderr } = shim(words, PATIENT);
    expect(stderr).toBe('');
    return offered;
  };

  byKubectl(`kubectl shows VMs and migrations as they are in the database${why}`, () => {
    const kubectl = (...words: string[]): string[] =>
      called('kubectl', ['__complete', 'vm-migrate', ...words], PATIENT).stdout.split('\n');
    expect(kubectl('plan', 'lab/w')).toEqual(expect.arrayContaining(['lab/web-1\tVM', ':0']));
    const ids = migrations.map(({ id, vm, state }) => `${id}\t${vm}, ${state}`);
    expect(kubectl('describe', 'm-')).toEqual(expect.arrayContaining(ids));
  });

  it('offers VMs by SOURCE/NAME, by NAME where it is unique, by id where a shell would take the name apart', () => {
    expect(offers('plan', '')).toEqual(
      expect.arrayContaining([
        'lab/web-1',
        'web-1',
        'lab/db',
        'db',
        'depot/twin',
        'lab/twin',
        `lab/${idOf('mail "old" server')}`,
      ]),
    );
    // Two VMs have this name.
    expect(offers('tree', '')).not.toContain('twin');
    expect(offers('start', 'lab/web-1', 'lab/')).not.toContain('lab/web-1');
    expect(offers('plan', 'mail')).toEqual([]);
  });

  it('offers migrations, with their VM and state, where one is asked for', () => {
    const ids = migrations.map(({ id }) => id);
    expect(offers('pause', 'm-')).toEqual(expect.arrayContaining(ids));
    // A VM that was never migrated has nothing to pause.
    const named = offers('pause', 'lab/');
    expect(named).toEqual(expect.arrayContaining(['lab/web-1', 'lab/db']));
    expect(named).not.toContain('lab/twin');
  });

  it('offers sources, targets, classes, scopes of limits, and findings that may be accepted', () => {
    expect(offers('get', 'vms', '')).toEqual(['depot', 'lab']);
    expect(offers('plan', 'x', '--target', '')).toEqual(['here']);
    expect(offers('plan', 'x', '--storage-class', '')).toEqual(['quick', 'slow']);
    expect(offers('limits', 'class:')).toEqual(['class:quick', 'class:slow']);
    expect(offers('start', 'lab/db', '--accept', '')).toEqual(['current-not-frozen:current']);
    expect(offers('start', 'lab/web-1', '--accept', '')).toEqual([]);
  });

  it('finds the database of the background process by its state folder, and makes none', () => {
    const state = path.join(folder, 'background');
    mkdirSync(state);
    const connection = { databaseUrl: database.url, pid: process.pid };
    writeFileSync(path.join(state, 'connection.json'), JSON.stringify(connection));
    const { offered } = shim(['describe', 'm-'], {
      ...PATIENT,
      VM_MIGRATE_DATABASE_URL: '',
      VM_MIGRATE_STATE_FOLDER: state,
    });
    for (const { id } of migrations) expect(offered).toContain(id);
  });

  describe('is still and quick', () => {
    const silent = (words: readonly string[], more: Record<string, string>): number => {
      const { status, offered, stderr, directive, tookMs } = shim(words, more);
      expect({ status, offered, stderr, directive }).toEqual({
        status: 0,
        offered: [],
        stderr: '',
        directive: ':0',
      });
      return tookMs;
    };

    it('when no database is there', () => {
      silent(['plan', ''], { VM_MIGRATE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
      silent(['plan', ''], { VM_MIGRATE_DATABASE_URL: 'no url at all' });
      silent(['plan', ''], { VM_MIGRATE_CONFIG: path.join(folder, 'no-such-file.yaml') });
      const state = path.join(folder, 'never-made');
      silent(['plan', ''], { VM_MIGRATE_DATABASE_URL: '', VM_MIGRATE_STATE_FOLDER: state });
      expect(existsSync(state)).toBe(false);
    });

    it('when the database accepts and then says nothing', async () => {
      const server = net.createServer(() => undefined).listen(0, '127.0.0.1');
      await new Promise(resolve => server.once('listening', resolve));
      const { port } = server.address() as net.AddressInfo;
      try {
        const databaseUrl = `postgres://nobody@127.0.0.1:${port}/none`;
        // Nothing can end while the engine is being loaded: how long that takes here now.
        const loadMs = (): number => {
          const startedAt = performance.now();
          called('kubectl-vm_migrate', ['explain']);
          return performance.now() - startedAt;
        };
        // Each beside a load of its own moment; that of the quietest one counts.
        const over = Array.from({ length: 5 }, () => {
          const mayTakeMs = Math.max(300, loadMs()) + 400;
          return silent(['plan', ''], { VM_MIGRATE_DATABASE_URL: databaseUrl }) - mayTakeMs;
        });
        expect(Math.min(...over)).toBeLessThan(0);
      } finally {
        server.close();
      }
    });
  });
});
