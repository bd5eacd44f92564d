/**
 * One database, two sides: the backend's process and the command line steer the same migrations. What
 * one does the other shows within two seconds, by the clock of the database; the backend is killed in
 * the middle of a copy and started again, and every byte is right at the end.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import type { ApiClient, EventView } from '@vm-migrate/api';
import {
  begin,
  run,
  worldIn,
  type Running,
  type World,
} from '../../kubectl-plugin/src/testing/run-program';
import { openEngine, type Engine } from '../../packages/engine/src/engine';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../packages/engine/src/testing/test-database';
import { moverProgram } from '../../packages/engine/src/testing/test-engine';
import type { WrittenVm } from '../../packages/engine/src/testing/write-vm-folder';
import { PromisedTimes } from '../promised-times';
import { BackendProcess } from './backend-process';
import { SMALL_VM_POINTS, writeSmallVm } from './small-vm';
import { until } from './until';

const MIB = 1024 * 1024;
const GUEST = 'user:development/guest';
/** What one side does must be seen on the other within this. */
const VISIBLE_MS = 2_000;

describe('from both sides', () => {
  const folder = tempFolder();
  const classFolder = path.join(folder, 'volumes');
  const stop = new AbortController();
  const visible = new PromisedTimes(VISIBLE_MS);
  let database: TestDatabase;
  let engine: Engine;
  let backend: BackendProcess;
  let guest: ApiClient;
  let terminal: World;
  let following: Running | undefined;
  let seenByPage: SeenEvents;
  let vms: WrittenVm[];

  beforeAll(async () => {
    database = await emptyTestDatabase();
    vms = [1, 2].map(seed =>
      // Two windows, so that one can be done when the backend is killed.
      writeSmallVm(path.join(folder, 'vms', String(seed)), {
        seed,
        baseBytes: (seed === 1 ? 40 : 1) * MIB,
      }),
    );
    const section = {
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
    };
    backend = await BackendProcess.start(folder, section);
    guest = backend.client();
    writeFileSync(path.join(folder, 'cli.yaml'), JSON.stringify({ vmMigrate: section }));
    terminal = worldIn(folder, { VM_MIGRATE_CONFIG: path.join(folder, 'cli.yaml') });
    engine = await openEngine({
      databaseUrl: database.url,
      databaseName: 'test',
      applicationName: 'vm-migrate test',
      sources: [],
      targets: [],
      moverProgram: moverProgram(),
    });
    seenByPage = new SeenEvents(guest.events({ signal: stop.signal, after: 0 }));
  }, 360_000);

  afterAll(async () => {
    stop.abort();
    following?.child.kill('SIGKILL');
    await following?.ended;
    await backend?.kill();
    await engine?.close();
    await database?.drop();
  });

  it('each side sees and steers what the other began, through the death of the backend', async () => {
    await guest.call('setLimit', { scope: 'all', bytesPerSecond: 16 * MIB });
    const { migration: first } = await guest.call('start', { vm: 'lab/small 1' });
    following = begin(terminal, 'logs', '-f', '-o', 'json');
    const seenByTerminal = new SeenLines(following);
    await until(async () => (await copied(first)) > 0);

    // The terminal pauses what the page began.
    expect(await run(terminal, 'pause', first)).toMatchObject({ code: 0 });
    const paused = await seenByPage.one('paused', first);
    expect(paused.event.actor).not.toBe(GUEST);
    visible.add('paused by the terminal', paused.afterMs);
    expect((await guest.call('getMigrations', { migration: first }))[0]).toMatchObject({
      state: 'paused',
    });

    // The page goes on with it, and the terminal tells.
    await guest.call('resume', { migration: first });
    const resumed = await seenByTerminal.one('resumed', first);
    expect(resumed.event.actor).toBe(GUEST);
    visible.add('resumed by the page', resumed.afterMs);

    // The backend dies with a window done and another in hand.
    const windowsDone = await until(async () => {
      const [row] = await engine.database.query<{ count: number }>(
        'select count(*) as count from vm_migrate.copied_window where migration_id = $1',
        [first],
      );
      return (row?.count ?? 0) > 0 && (await copied(first)) > 0 ? row?.count : undefined;
    });
    // Seen late, it may be more than one.
    expect(windowsDone).toBeGreaterThanOrEqual(1);
    await backend.kill();
    const { stdout } = await run(terminal, 'get', 'migrations', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ id: first, state: 'running' }] });

    // Without it the terminal begins another one; the page learns of it when the backend is back.
    const began = await run(terminal, 'start', 'lab/small 2', '--detach', '-o', 'json');
    expect(began.code).toBe(0);
    const second = (await engine.call('getMigrations', { vm: 'small 2' }))[0]?.id ?? '';
    await backend.restart();
    const started = await seenByPage.one('started', second);
    expect(started.event.actor).not.toBe(GUEST);

    // The page pauses what the terminal began, the terminal goes on with it.
    await guest.call('pause', { migration: second });
    const stopped = await seenByTerminal.one('paused', second);
    expect(stopped.event.actor).toBe(GUEST);
    visible.add('paused by the page', stopped.afterMs);
    expect(await run(terminal, 'resume', second)).toMatchObject({ code: 0 });
    visible.add('resumed by the terminal', (await seenByPage.one('resumed', second)).afterMs);
    visible.expectKept();

    await guest.call('setLimit', { scope: 'all', bytesPerSecond: null });
    for (const [index, migration] of [first, second].entries()) {
      await seenByPage.one('migration-migrated', migration);
      const vm = vms[index] as WrittenVm;
      expect(await expectMigrated(engine, migration, vm, classFolder)).toBe(SMALL_VM_POINTS);
    }
    // The window that was done before the kill is none that was done again.
    const [base] = await engine.database.query<{ runs: number }>(
      `select count(*) as runs from vm_migrate.event where migration_id = $1 and kind = 'volume-replaced'`,
      [first],
    );
    expect(base?.runs).toBe(0);
  }, 360_000);

  /** Own bytes of the layer in hand. */
  async function copied(migration: string): Promise<number> {
    const { steps } = await engine.call('getQueue', { migration, states: ['running'] });
    return steps.find(({ kind }) => kind === 'applyLayer')?.progress?.bytesDone ?? 0;
  }
});

interface Seen {
  readonly event: EventView;
  /** From the event's own time, which is the database's, to when it was read here. */
  readonly afterMs: number;
}

class SeenEvents {
  protected readonly all: Seen[] = [];

  constructor(events: AsyncIterable<EventView>) {
    void (async () => {
      for await (const event of events) this.add(event);
    })().catch(() => undefined);
  }

  protected add(event: EventView): void {
    this.all.push({ event, afterMs: Date.now() - Date.parse(event.at) });
  }

  one(kind: string, migration: string): Promise<Seen> {
    return until(
      async () =>
        this.all.find(({ event }) => event.kind === kind && event.migration === migration),
      60_000,
    );
  }
}

/** Lines of `logs -f -o json`, read as they are printed. */
class SeenLines extends SeenEvents {
  constructor(running: Running) {
    super(linesOf(running));
  }
}

async function* linesOf(running: Running): AsyncGenerator<EventView> {
  let read = 0;
  let over = false;
  void running.ended.then(() => (over = true));
  while (!over) {
    const lines = running.said().split('\n');
    for (const line of lines.slice(read, -1)) yield JSON.parse(line) as EventView;
    read = Math.max(read, lines.length - 1);
    await sleep(25);
  }
}
