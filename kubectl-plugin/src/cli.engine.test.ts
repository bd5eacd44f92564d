/** The built program against a real database, as a person or a script runs it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type {
  LayerView,
  MigrationView,
  ReportView,
  SnapshotView,
  StartedView,
} from '@vm-migrate/api';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testDatabase, type TestDatabase } from '../../packages/engine/src/testing/test-database';
import { begin, run, worldIn, type Running, type World } from './testing/run-program';

const MIB = 1024 * 1024;

describe('kubectl vm-migrate on a given database', () => {
  const folder = tempFolder();
  let database: TestDatabase;
  let world: World;
  let worker: Running | undefined;

  beforeAll(async () => {
    database = await testDatabase();
    world = worldIn(folder, {
      VM_MIGRATE_DATABASE_URL: database.url,
      VM_MIGRATE_CONFIG: path.join(folder, 'config.yaml'),
    });
    writeExampleVm(path.join(folder, 'vms', 'one'), { diskBytes: 64 * MIB });
    writeExampleVm(path.join(folder, 'vms', 'two'), { diskBytes: 64 * MIB, seed: 2 });
    mkdirSync(path.join(folder, 'volumes'));
    const config = `vmMigrate:
  sources:
    lab: { kind: vm-directory, folder: vms }
  targets:
    here: { kind: local-directory, classes: { fast: { folder: volumes, default: true } } }
`;
    writeFileSync(path.join(folder, 'config.yaml'), config);
  });
  afterAll(async () => {
    worker?.child.kill('SIGKILL');
    await worker?.ended;
    await database?.drop();
  });

  const one = () => path.join(folder, 'vms', 'one');
  const two = () => path.join(folder, 'vms', 'two');
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await run(world, ...args, '-o', 'json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };
  const items = async <T>(...args: string[]): Promise<T[]> =>
    (await json<{ kind: 'List'; items: T[] }>(...args)).items;
  const idOf = async (vm: string): Promise<string> => {
    const all = await items<MigrationView>('get', 'migrations');
    const vms = await items<{ location: string; id: string }>('get', 'vms');
    const id = vms.find(({ location }) => location.startsWith(vm))?.id;
    return all.find(({ vmId }) => vmId === id)?.id ?? '';
  };

  it('says where it is, and lists VMs whose names are ambiguous', async () => {
    const { code, stdout } = await run(world);
    expect(code).toBe(0);
    expect(stdout).toMatch(/sources +lab/);
    expect(stdout).toMatch(/Next\n/);
    const [name] = (await items<{ name: string }>('get', 'vms')).map(vm => vm.name);
    const ambiguous = await run(world, 'tree', name ?? '');
    expect(ambiguous.code).toBe(1);
    expect(ambiguous.stdout).toBe('');
    expect(ambiguous.stderr).toMatch(/VM_AMBIGUOUS/);
    expect(ambiguous.stderr).toMatch(/vms\/one.*vms\/two/s);
    expect(ambiguous.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
  });

  it('refuses a password on the command line', async () => {
    const { code, stderr } = await run(
      world,
      'get',
      'vms',
      '--database-url',
      'postgres://me:secret@localhost/x',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/--database-url/);
    expect(stderr).not.toContain('secret');
  });

  it('a plan in a file starts that plan and no other', async () => {
    const file = path.join(folder, 'plan.json');
    const { stdout } = await run(world, 'plan', one(), '-o', 'json');
    writeFileSync(file, stdout);
    const other = await run(world, 'plan', one(), '--keep', 'newest=1', '-o', 'json');
    const changed = path.join(folder, 'changed.json');
    writeFileSync(changed, other.stdout.replace('"rule": "newest"', '"rule": "all"'));
    expect(await run(world, 'start', '--plan', changed)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PLAN_INVALID'),
    });

    const wrongDigest = await run(world, 'start', one(), '--plan', '0123456789abcdef');
    expect(wrongDigest).toMatchObject({ code: 1, stderr: expect.stringContaining('PLAN_CHANGED') });

    const started = await json<StartedView>('start', '--plan', file, '--detach');
    expect(started).toMatchObject({
      outcome: 'started',
      planDigest: (JSON.parse(stdout) as { digest: string }).digest,
    });
  });

  it('without a worker it says so, and wait gives up with code 4', async () => {
    const id = await idOf(one());
    const { code, stderr } = await run(world, 'wait', id, '--timeout', '1s');
    expect(code).toBe(4);
    expect(stderr).toMatch(/the work goes on/);
    expect((await run(world, 'start', one(), '--detach')).stderr).toMatch(/No worker is on/);
  });

  it('a worker in the foreground works until SIGTERM, and Ctrl-C only detaches a follower', async () => {
    const follower = begin(world, 'start', one());
    await follower.until(/ - running /);
    follower.child.kill('SIGINT');
    const detached = await follower.ended;
    expect(detached.code).toBe(130);
    expect(detached.stderr).toMatch(
      /Detached; the work goes on. Come back with: kubectl vm-migrate status m-\w+ --watch/,
    );

    worker = begin(world, 'worker');
    await worker.until(/takes steps/);
    const { code, stdout } = await run(world, 'wait', one(), '--for=migrated', '--timeout=10m');
    expect(stdout).toMatch(/: migrated\n$/);
    expect(code).toBe(0);
  }, 180_000);

  it('shows the result: flags, tree, status, description, log', async () => {
    const id = await idOf(one());
    const layers = await items<LayerView>('get', 'layers', id);
    expect(layers).toHaveLength(11);
    expect(new Set(layers.map(({ flag }) => flag))).toEqual(new Set(['migrated']));
    const snapshots = await items<SnapshotView>('get', 'snapshots', one());
    expect(snapshots.every(({ ready }) => ready)).toBe(true);

    const tree = await run(world, 'tree', one());
    for (const { name } of snapshots.flatMap(({ volumeSnapshots }) => volumeSnapshots))
      expect(tree.stdout).toContain(name);
    expect((await run(world, 'describe', id)).stdout).toContain(`verify ${id} --full`);
    expect((await run(world, 'status', id)).stdout).toMatch(/migrated +100 %/);
    expect((await run(world, 'logs', id, '--tail', '1')).stdout).toMatch(/is migrated\n$/);
    expect(
      (await run(world, 'get', 'migrations', id, '--no-headers')).stdout.split('\n'),
    ).toHaveLength(2);
    expect((await run(world, 'get', 'migrations', '-o', 'name')).stdout).toContain(
      `migration/${id}\n`,
    );
    expect((await run(world, 'get', 'migrations', '-o', 'yaml')).stdout).toMatch(/^kind: List\n/);
    expect((await run(world, 'get', 'migrations', '-l', 'state=failed', '-o', 'name')).stdout).toBe(
      '',
    );
  });

  it('starting it again is no error and starts nothing', async () => {
    const { code, stdout } = await run(world, 'start', one());
    expect(code).toBe(0);
    expect(stdout).toMatch(/migrated already/);
  });

  it('verify --full proves every VolumeSnapshot, wait and report see it', async () => {
    const id = await idOf(one());
    expect((await run(world, 'wait', id, '--for=verified')).code).toBe(1);
    const { code, stdout } = await run(world, 'verify', id, '--full');
    expect(stdout).toMatch(/9 of 9 VolumeSnapshots read whole/);
    expect(code).toBe(0);
    expect((await run(world, 'wait', id, '--for=verified')).code).toBe(0);

    const report = await json<ReportView>('report', id);
    expect(
      new Set(report.snapshots.flatMap(({ disks }) => disks.map(({ proof }) => proof.kind))),
    ).toEqual(new Set(['full']));
    const markdown = await run(world, 'report', id, '-o', 'markdown');
    expect(markdown.stdout).toMatch(/^# Migration of /);
    for (const { stateDigest } of report.snapshots.flatMap(({ disks }) =>
      disks.map(({ volumeSnapshot }) => volumeSnapshot),
    ))
      expect(markdown.stdout).toContain(stateDigest);
  }, 180_000);

  it('several VMs are a group; one that cannot start makes code 3', async () => {
    const { code, stdout, stderr } = await run(world, 'start', 'no-such-vm', two());
    expect(stderr).toMatch(/VM_NOT_FOUND/);
    expect(stdout).toMatch(/ migrated lab\//);
    expect(code).toBe(3);
    const [migration] = await items<MigrationView>('get', 'migrations', await idOf(two()));
    expect(migration?.group).toMatch(/^g-/);
  }, 180_000);

  it('refuses what does not fit the state, in at most four lines', async () => {
    const { code, stdout, stderr } = await run(world, 'pause', await idOf(one()));
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/STATE_REFUSED/);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
    expect(await run(world, 'cancel', two())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exactly one of'),
    });
    expect(await run(world, 'describe', 'no-such-vm')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NOT_FOUND'),
    });
  });

  it('a redacted bundle shows the plan elsewhere, without names and without a database', async () => {
    const file = path.join(folder, 'bundle.json');
    expect((await run(world, 'bundle', one(), '--redact', '--out', file)).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    for (const name of ['Beispiel', 'Büro', 'Datenbank', 'installer', folder])
      expect(text).not.toContain(name);
    // The source, the target and its storage class.
    for (const name of ['lab', 'here', 'fast'])
      expect(text).not.toMatch(new RegExp(`(?<![\\w-])${name}(?![\\w-])`));
    const elsewhere = worldIn(path.join(folder, 'elsewhere'), {
      VM_MIGRATE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    });
    const shown = await run(elsewhere, 'plan', '--bundle', file);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/keeps +6 of 6 snapshots/);
  });

  it('limits are changed while it runs', async () => {
    expect(
      (await run(world, 'limits', 'source:lab', '--rate', '100M', '--running', '2')).stdout,
    ).toMatch(/source:lab +2 +100 MiB\/s/);
    expect((await run(world, 'limits', 'source:lab', '--rate', 'none')).stdout).toMatch(
      /source:lab +2 +<none>/,
    );
    expect((await run(world, 'limits', 'everything', '--running', '2')).code).toBe(2);
  });

  it('doctor finds all well, and what is wrong with its remedy', async () => {
    const well = await json<{ checks: { name: string; state: string }[] }>('doctor');
    expect(well.checks.filter(({ state }) => state === 'failed' || state === 'warning')).toEqual(
      [],
    );
    expect(well.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['database', 'notifications', 'source lab', 'class here/fast']),
    );
    const wrong: World = {
      ...world,
      environment: {
        ...world.environment,
        VM_MIGRATE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      },
    };
    const { code, stdout } = await run(wrong, 'doctor');
    expect(code).toBe(1);
    expect(stdout).toMatch(/database/);
    expect(stdout).toContain('environment VM_MIGRATE_DATABASE_URL');
  });

  it('cleanup removes only when told to, and asks first', async () => {
    // As if it had been given up with its objects kept: no migration needs them any more.
    const direct = await database.open();
    await direct.query("update vm_migrate.migration set state = 'canceled' where id = $1", [
      await idOf(two()),
    ]);
    const listed = await run(world, 'cleanup');
    expect(listed.stdout).toMatch(/volume-snapshot +\S+ +there/);
    expect(listed.stderr).toMatch(/cleanup --remove/);
    expect(await run(world, 'cleanup', '--remove')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes'),
    });
    expect((await run(world, 'cleanup', '-o', 'name')).stdout.split('\n')).toHaveLength(
      listed.stdout.trimEnd().split('\n').length,
    );
    expect((await run(world, 'cleanup', '--remove', '--yes')).stdout).toMatch(/ removed /);
    expect((await run(world, 'cleanup')).stdout).toMatch(/Nothing on the targets/);
  });

  it('the worker ends cleanly', async () => {
    worker?.child.kill('SIGTERM');
    const ended = await worker?.ended;
    expect(ended?.code).toBe(0);
    expect(ended?.stderr).toMatch(/stopped\n$/);
    expect(await items('get', 'workers')).toEqual([]);
    rmSync(path.join(folder, 'state'), { recursive: true, force: true });
  });
});
