/**
 * Migrations as a person steers them: the built program with its own background process and
 * PostgreSQL. Many at once, logs, pause, resume, retry, cancel, wait, and Ctrl-C.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { EventView, MigrationView, ReportView } from '@vm-migrate/api';
import type { Engine } from '../../packages/engine/src/engine';
import { removeServerFolder } from '../../packages/engine/src/store/server-folder';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { until } from '../../test/kill/until';
import { backgroundPid, endBackground } from './testing/background';
import { begin, run, worldIn, type Ended, type Running, type World } from './testing/run-program';

const KIB = 1024;
/** What a layer of the test's VMs holds. */
const LAYER_BYTES = 384 * KIB;
/** A layer takes a while, and no longer: a mover ends after the window in hand. */
const SLOW = '500K';

describe('kubectl vm-migrate steers', () => {
  const folder = tempFolder();
  const state = path.join(folder, 'state');
  const classFolder = path.join(folder, 'volumes');
  const vms = new Map<string, WrittenVm>();
  const children: Running[] = [];
  let world: World;

  beforeAll(async () => {
    world = worldIn(folder, {
      VM_MIGRATE_CONFIG: path.join(folder, 'config.yaml'),
      VM_MIGRATE_LEASE_SECONDS: '5',
    });
    writeFileSync(
      path.join(folder, 'config.yaml'),
      `vmMigrate:
  sources:
    lab: { kind: vm-directory, folder: vms }
  targets:
    here: { kind: local-directory, classes: { fast: { folder: volumes, default: true } } }
`,
    );
    for (const [nth, name] of ['one', 'two', 'three', 'four', 'five'].entries())
      vms.set(name, writeVm(path.join(folder, 'vms', name), name, nth + 1));
    await run(world, 'get', 'vms');
  }, 360_000);
  afterAll(async () => {
    for (const { child } of children) child.kill('SIGKILL');
    await endBackground(state);
    removeServerFolder(state);
  });

  const ok = async (...args: string[]): Promise<Ended> => {
    const ended = await run(world, ...args);
    if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.code}\n${ended.stderr}`);
    return ended;
  };
  const json = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await ok(...args, '-o', 'json')).stdout) as T;
  const rate = (words: string): Promise<Ended> => ok('limits', 'all', '--rate', words);
  const follow = (...args: string[]): Running => {
    const running = begin(world, ...args);
    children.push(running);
    return running;
  };
  const started = async (...args: string[]): Promise<string> => {
    const { migration } = await json<{ migration: string }>('start', ...args, '--detach');
    return migration;
  };
  const stateOf = async (id: string): Promise<string | undefined> => {
    const { items } = await json<{ items: MigrationView[] }>('get', 'migrations', id);
    return items[0]?.state;
  };
  const expectWhole = async (name: string, id: string): Promise<void> => {
    const vm = vms.get(name) as WrittenVm;
    const report = await json<ReportView>('report', id);
    // The same question, answered by the program.
    const engine = { call: async () => report } as unknown as Engine;
    expect(await expectMigrated(engine, id, vm, classFolder)).toBe(vm.snapshots.length + 1);
  };
  const left = (prefix: string, kind: 'volumes' | 'snapshots'): string[] =>
    existsSync(path.join(classFolder, kind))
      ? readdirSync(path.join(classFolder, kind)).filter(name => name.startsWith(`${prefix}-`))
      : [];

  it('start -f migrates the VMs of a file, and follows all of them to the end', async () => {
    const file = path.join(folder, 'migrations.yaml');
    writeFileSync(
      file,
      `version: 1
defaults: { source: lab, target: here, sampleWindows: 1 }
migrations:
  - vm: one
    namePrefix: first
  - vm: lab/two
`,
    );
    const { code, stdout, stderr } = await run(world, 'start', '-f', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['one', 'two'])
      expect(stdout).toMatch(new RegExp(`^\\S+ m-\\w+ - migrated lab/${name} `, 'm'));
    const { items } = await json<{ items: MigrationView[] }>('get', 'migrations');
    expect(new Set(items.map(({ group }) => group)).size).toBe(1);
    for (const { id, vm } of items) await expectWhole(vm, id);
    expect(left('first', 'volumes')).toHaveLength(1);

    const [{ id } = { id: '' }] = items;
    const told = await ok('logs', id);
    expect(told.stdout).toMatch(/is migrated\n$/);
    // What is over is told and ended; asked for all, it goes on.
    const followed = await ok('logs', id, '-f');
    expect(followed.stdout).toBe(told.stdout);
    expect((await ok('logs')).stdout).toContain(id);
  }, 360_000);

  it('a VM that fails among others makes code 3; retry finishes it when the cause is gone', async () => {
    const file = path.join(folder, 'failing.yaml');
    writeFileSync(
      file,
      `version: 1
defaults: { source: lab, target: here, sampleWindows: 1 }
migrations: [{ vm: three }, { vm: four }]
`,
    );
    const lost = path.join(vms.get('three')?.folder ?? '', 'three-000002.vmdk');
    await rate(SLOW);
    const follower = follow('start', '-f', file);
    await follower.until(/Started m-\w+ \(.*three/);
    renameSync(lost, `${lost}.aside`);
    await rate('none');
    const { code, stdout } = await follower.ended;
    expect(code).toBe(3);
    const [, id = ''] = /What failed, and what to do: .* describe (m-\w+)/.exec(stdout) ?? [];
    const described = await ok('describe', id);
    expect(described.stdout).toMatch(/FILE_MISSING/);
    expect(described.stdout).toContain(`retry ${id}`);
    expect(await run(world, 'wait', id)).toMatchObject({ code: 1 });

    // The cause is still there: it fails again.
    await ok('retry', id);
    expect(await run(world, 'wait', id)).toMatchObject({ code: 1 });
    renameSync(`${lost}.aside`, lost);
    expect((await ok('retry', id)).stdout).toMatch(
      / is running\. Watch it: .* status m-\w+ --watch/,
    );
    expect((await ok('wait', id)).stdout).toMatch(/: migrated\n$/);
    await expectWhole('three', id);
  }, 360_000);

  it('pause stops it, resume goes on; wait gives up with code 4; logs -f ends with the migration', async () => {
    await rate('150K');
    const id = await started('lab/five');
    const log = follow('logs', id, '-f', '-o', 'json');
    await log.until(/Done: write /);
    expect((await ok('pause', 'lab/five')).stdout).toContain(`resume ${id}`);
    await until(async () => (await stateOf(id)) === 'paused');
    expect(await run(world, 'wait', id, '--for=migrated', '--timeout=1s')).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/Not migrated after 1s; the work goes on/) as string,
    });
    expect(await stateOf(id)).toBe('paused');
    expect((await ok('resume', id)).stdout).toContain(`status ${id} --watch`);
    await rate('none');
    expect((await ok('wait', id, '--for=migrated', '--timeout=5m')).stdout).toMatch(
      /: migrated\n$/,
    );
    const { code, stdout } = await log.ended;
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { message: string });
    expect(events.at(-1)?.message).toMatch(/is migrated$/);
    await expectWhole('five', id);

    expect((await run(world, 'wait', id, '--for=verified')).code).toBe(1);
    await ok('verify', id, '--full');
    expect((await ok('wait', id, '--for=verified')).stdout).toMatch(/: verified\n$/);
  }, 360_000);

  it('start --paused accepts the plan and writes nothing until it is resumed', async () => {
    const { stdout } = await ok('start', 'lab/two', '--name-prefix', 'later', '--paused');
    const [, id = ''] = /^Accepted (m-\w+) .*Begin with: .* resume m-\w+$/m.exec(stdout) ?? [];
    expect(await stateOf(id)).toBe('paused');
    // One that was accepted later and is not paused gets to its end before it.
    const other = await started('lab/one', '--name-prefix', 'sooner');
    await ok('wait', other);
    expect(await stateOf(id)).toBe('paused');
    expect([...left('later', 'volumes'), ...left('later', 'snapshots')]).toEqual([]);
    await ok('resume', id);
    expect((await ok('wait', id)).stdout).toMatch(/: migrated\n$/);
    await expectWhole('two', id);
  }, 360_000);

  it('start --at accepts the plan and begins by itself, not before its time', async () => {
    let at = '';
    let stdout = '';
    // As soon as this machine can: the time must be ahead yet when the plan is accepted.
    for (const aheadMs of [4_000, 20_000, 80_000]) {
      at = new Date(Date.now() + aheadMs).toISOString();
      const begun = await run(world, 'start', 'lab/two', '--name-prefix', 'timed', '--at', at);
      stdout = begun.stdout;
      if (!begun.stderr.includes('has passed')) break;
    }
    const [, id = ''] = /^Accepted (m-\w+) .*it begins at .*Z\. Before: /m.exec(stdout) ?? [];
    expect((await ok('wait', id)).stdout).toMatch(/: migrated\n$/);
    const { items } = await json<{ items: EventView[] }>('logs', id);
    const begun = items.filter(({ kind }) => kind === 'resumed');
    expect(begun).toHaveLength(1);
    expect(Date.parse(begun[0]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
    await expectWhole('two', id);
  }, 360_000);

  it('pause and cancel forget when a migration was to begin', async () => {
    const at = '2099-12-01T22:00Z';
    const { stdout } = await ok('start', 'lab/two', '--name-prefix', 'never', '--at', at);
    const [, id = ''] = /^Accepted (m-\w+) /m.exec(stdout) ?? [];
    const beginsAt = async () =>
      (await json<{ migration: { beginsAt: string | null } }>('describe', id)).migration.beginsAt;
    expect(await beginsAt()).toBe('2099-12-01T22:00:00.000Z');
    expect((await ok('describe', id)).stdout).toMatch('paused, begins 2099-12-01T22:00:00.000Z');
    await ok('pause', id);
    expect(await beginsAt()).toBeNull();
    await ok('cancel', id, '--remove-all', '--yes');
    expect(await beginsAt()).toBeNull();
  }, 180_000);

  it.each([
    ['yesterday', 'is no time like'],
    ['2020-01-01T00:00', 'has passed'],
  ])('start --at %s is refused before anything is accepted', async (at, words) => {
    const { code, stderr } = await run(world, 'start', 'lab/two', '--at', at);
    expect(stderr).toContain(words);
    expect(code).toBe(2);
  });

  it('cancel keeps and removes exactly what it is told to', async () => {
    await rate('250K');
    const choices = ['keep-all', 'keep-snapshots', 'remove-all'] as const;
    const [one, two, three] = await Promise.all([
      started('lab/one', '--name-prefix', 'keep-all'),
      started('lab/two', '--name-prefix', 'keep-snapshots'),
      started('lab/four', '--name-prefix', 'remove-all'),
    ]);
    const ids = { 'keep-all': one, 'keep-snapshots': two, 'remove-all': three };
    await until(async () =>
      choices.every(
        choice => left(choice, 'snapshots').length > 0 && left(choice, 'volumes').length > 0,
      ),
    );
    expect(await run(world, 'cancel', one, '--keep-all')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes') as string,
    });
    expect(await stateOf(one)).toBe('running');
    const ended = await Promise.all(
      choices.map(choice => ok('cancel', ids[choice], `--${choice}`, '--yes')),
    );
    await rate('none');
    for (const [index, choice] of choices.entries()) {
      const { stdout } = ended[index] ?? { stdout: '' };
      expect(stdout).toMatch(/ is canceled; /);
      const named = (fate: string): string[] =>
        stdout
          .split('\n')
          .filter(line => line.endsWith(fate))
          .map(line => /^ +(?:volume|VolumeSnapshot) +(\S+)/.exec(line)?.[1] ?? line)
          .sort();
      // What it names as kept is what stands there, no more and no less.
      const standing = [...left(choice, 'volumes'), ...left(choice, 'snapshots')].sort();
      expect(named(' kept')).toEqual(standing);
      // With keep-all: what the migration itself was done with before.
      expect(named(' removed').filter(name => standing.includes(name))).toEqual([]);
      if (choice !== 'keep-all') expect(named(' removed')).not.toEqual([]);
    }
    const stands = choices.map(choice => ({
      choice,
      volumes: left(choice, 'volumes').length > 0,
      snapshots: left(choice, 'snapshots').length > 0,
    }));
    expect(stands).toEqual([
      { choice: 'keep-all', volumes: true, snapshots: true },
      { choice: 'keep-snapshots', volumes: false, snapshots: true },
      { choice: 'remove-all', volumes: false, snapshots: false },
    ]);
    expect(await run(world, 'wait', three)).toMatchObject({ code: 1 });
    // What was kept is in the way of a migration that would name its objects alike; what was removed is not.
    const again = await run(world, 'plan', 'lab/two', '--name-prefix', 'keep-snapshots');
    expect(again.stdout).toContain(`names-taken:${two}`);
    const removed = await ok('plan', 'lab/four', '--name-prefix', 'remove-all');
    expect(removed.stdout).not.toContain('names-taken');
  }, 360_000);

  it('the first Ctrl-C detaches, with the way back as it is to be typed; the work goes on', async () => {
    await rate('150K');
    const before = backgroundPid(state);
    const follower = follow('start', 'lab/four', '--name-prefix', 'detached');
    await follower.until(/ - running /);
    follower.child.kill('SIGINT');
    const { code, stderr } = await follower.ended;
    expect(code).toBe(130);
    const [, back = ''] = /Come back with: kubectl vm-migrate (.*)$/m.exec(stderr) ?? [];
    const [, id = ''] = /^status (m-\w+) --watch$/.exec(back) ?? [];
    expect(stderr).toContain(`Stop the work itself with: kubectl vm-migrate pause ${id}`);
    expect(await stateOf(id)).toBe('running');
    expect(backgroundPid(state)).toBe(before);
    await rate('none');
    const watched = await ok(...back.split(' '));
    expect(watched.stdout).toContain(id);
    await expectWhole('four', id);
    expect(backgroundPid(state)).toBe(before);
    expect(readFileSync(path.join(state, 'background.log'), 'utf8')).not.toMatch(/ended:/);
  }, 360_000);
});

/** A base and five deltas, one of them a side branch. */
function writeVm(folder: string, name: string, seed: number): WrittenVm {
  mkdirSync(path.dirname(folder), { recursive: true });
  const vm = new VmBuilder({ folder, name, seed });
  const disk = vm.addDisk({ format: 'hosted-sparse', sizeBytes: 4 * LAYER_BYTES });
  let stream = seed * 100;
  const write = (layer: number): void =>
    vm.write(disk, (layer * LAYER_BYTES) / 2, seededBytes(LAYER_BYTES, (stream += 1)));
  write(0);
  const first = vm.takeSnapshot('first');
  write(1);
  vm.takeSnapshot('side');
  vm.revert(first);
  for (const [layer, snapshot] of [
    [2, 'second'],
    [4, 'third'],
    [5, 'fourth'],
  ] as const) {
    write(layer);
    vm.takeSnapshot(snapshot);
  }
  write(6);
  return vm.finish();
}
