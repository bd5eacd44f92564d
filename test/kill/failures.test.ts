/** Causes that a person has to remove, each followed by `retry`; and a database that dies and comes back. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedServer } from '../../packages/engine/src/store/embedded-server';
import { removeServerFolder } from '../../packages/engine/src/store/server-folder';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { itOnMount, mountTmpfs } from '../../packages/engine/src/testing/scratch-mount';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { SMALL_VM_POINTS, writeSmallVm } from './small-vm';
import { until } from './until';
import { WorkerFleet } from './worker-fleet';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('a failure with a cause', () => {
  const folder = tempFolder();
  let test: TestEngine;
  beforeAll(async () => {
    test = await testEngine(folder);
    await test.startWorker({ windowBytes: 64 * KIB, retryBaseMs: 20 });
  });
  afterAll(() => test?.close());

  const start = async (name: string, engine: TestEngine = test) => {
    const vm = writeSmallVm(path.join(folder, name), { seed: name.length, baseBytes: 2 * MIB });
    const file = path.join(
      vm.folder,
      readdirSync(vm.folder).find(entry => entry.endsWith('-flat.vmdk')) ?? '',
    );
    const { migration } = await engine.engine.call('start', {
      vm: vm.folder,
      options: { sampleWindows: 1, namePrefix: name },
    });
    return { vm, file, migration };
  };
  const failure = async (migration: string, engine: TestEngine = test) => {
    await engine.until(migration, ['failed']);
    const { steps } = await engine.engine.call('describe', { migration });
    return steps.filter(step => step.state === 'failed').map(step => step.error?.code);
  };
  const copied = async (migration: string) => {
    const [row] = await test.engine.database.query<{ count: number }>(
      'select count(*) as count from vm_migrate.copied_window where migration_id = $1',
      [migration],
    );
    return (row?.count ?? 0) > 1;
  };
  const finish = async (
    { vm, migration }: Awaited<ReturnType<typeof start>>,
    engine: TestEngine = test,
  ) => {
    await engine.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
    await engine.engine.call('retry', { migration });
    await engine.until(migration, ['migrated']);
    expect(await expectMigrated(engine.engine, migration, vm, engine.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  };

  it.each([
    { what: 'grew', harm: (file: string) => appendFileSync(file, 'more') },
    { what: 'was cut short', harm: (file: string) => truncateSync(file, MIB) },
  ])(
    'a source file that $what in the middle is named, and when it is back the rest is copied',
    async ({ what, harm }) => {
      await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: MIB });
      const started = await start(`file${what.length}`);
      await until(() => copied(started.migration));
      const aside = `${started.file}.aside`;
      execFileSync('cp', ['-p', started.file, aside]);
      harm(started.file);
      expect((await failure(started.migration))[0]).toMatch(
        /^(FILE_CHANGED|LAYER_DAMAGED|FILE_UNREADABLE|FILE_MISSING)$/,
      );
      // The very same file again: its inode, its bytes, and its time to the nanosecond.
      execFileSync('dd', [`if=${aside}`, `of=${started.file}`, 'bs=1M'], { stdio: 'pipe' });
      execFileSync('touch', ['-r', aside, started.file]);
      await finish(started);
    },
    180_000,
  );

  it('a source file that is gone is named, and when it is back the rest is copied', async () => {
    await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: MIB });
    const started = await start('gone');
    const delta = path.join(started.vm.folder, 'small-000002-sesparse.vmdk');
    renameSync(delta, `${delta}.aside`);
    expect(await failure(started.migration)).toEqual(['FILE_MISSING']);
    renameSync(`${delta}.aside`, delta);
    await finish(started);
  }, 180_000);

  itOnMount(
    'a tmpfs of 3 MiB',
    mountTmpfs(3 * MIB),
    'a full target is named, and when it has room the rest is copied',
    async small => {
      const full = await testEngine(small);
      try {
        await full.startWorker({ windowBytes: 64 * KIB, retryBaseMs: 20 });
        const vm = writeSmallVm(path.join(folder, 'full'), { seed: 9, baseBytes: 4 * MIB });
        const plan = await full.engine.call('plan', {
          vm: vm.folder,
          options: { sampleWindows: 1 },
        });
        const accept = plan.findings
          .filter(finding => finding.severity === 'blocks')
          .map(finding => finding.id);
        const { migration } = await full.engine.call('start', {
          vm: vm.folder,
          accept,
          options: { sampleWindows: 1 },
        });
        expect(await failure(migration, full)).toEqual(['VOLUME_FULL']);
        execFileSync('mount', ['-o', `remount,size=${200 * MIB}`, small], { stdio: 'pipe' });
        await full.engine.call('retry', { migration });
        await full.until(migration, ['migrated']);
        expect(await expectMigrated(full.engine, migration, vm, full.classFolder)).toBe(
          SMALL_VM_POINTS,
        );
      } finally {
        await full.close();
      }
    },
    180_000,
  );
});

describe('a database server', () => {
  const folder = tempFolder();

  it('that is killed in the middle and started again finds its workers where they were', async () => {
    const state = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-killed-'));
    let server = await startEmbeddedServer(state);
    const database = {
      url: server.url,
      open: () => Promise.reject(new Error('not for this test')),
      drop: async () => undefined,
    };
    const test = await testEngine(folder, { database });
    const fleet = await WorkerFleet.open({
      databaseUrl: server.url,
      works: { classFolder: test.classFolder },
      settings: { windowBytes: 64 * KIB },
    });
    try {
      fleet.start(2);
      await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: MIB });
      const vm = writeSmallVm(path.join(folder, 'vm'), { seed: 4, baseBytes: 4 * MIB });
      const { migration } = await test.engine.call('start', {
        vm: vm.folder,
        options: { sampleWindows: 1 },
      });
      const copying = async () => {
        const [row] = await test.engine.database.query<{ count: number }>(
          'select count(*) as count from vm_migrate.copied_window',
        );
        return (row?.count ?? 0) > 3;
      };
      await until(copying);
      for (let round = 0; round < 2; round++) {
        const { port, ended } = server;
        process.kill(server.pid, 'SIGKILL');
        await ended;
        await sleep(round * 2_500); // once shorter, once longer than a lease
        server = await startEmbeddedServer(state, { port });
        expect(server.port).toBe(port);
        // Nothing while the database does not answer: none is a number too.
        const done = async () => {
          const rows = await test.engine.database
            .query(`select 1 from vm_migrate.event where kind = 'step-done'`)
            .catch(() => undefined);
          return rows?.length;
        };
        const before = await until(done, 60_000);
        await until(async () => ((await done()) ?? 0) > before, 60_000).catch((error: unknown) => {
          throw new Error(`${String(error)}\n${fleet.logs()}`);
        });
      }
      await test.engine.call('setLimit', { scope: 'all', bytesPerSecond: null });
      await test.until(migration, ['migrated']);
      expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(
        SMALL_VM_POINTS,
      );
      expect(fleet.workers.every(worker => worker.isAlive)).toBe(true);
    } finally {
      await fleet.close();
      await test.close();
      await server.stop();
      removeServerFolder(state);
      rmSync(state, { recursive: true, force: true });
    }
  }, 360_000);
});
