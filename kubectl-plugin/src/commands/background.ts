/** background (hidden): the process that owns the embedded database and its worker. */
import { EXIT } from '../exit-codes';
import { loadEngine } from '../engine-library';
import { moverProgram } from '../mover-program';
import type { Session } from '../session';
import { defineVerb } from '../verb';
import { VERSION } from '../version';
import { workerSettings } from '../worker-settings';

const IDLE_MINUTES = 5;

export const background = defineVerb({
  name: 'background',
  group: 'hidden',
  onThisMachine: 'it owns the database of a state folder',
  summary: 'owns the embedded database of the state folder and works; started by the other verbs',
  positionals: {},
  options: {
    'idle-minutes': {
      type: 'number',
      describe: `Ends after so long without work and clients (${IDLE_MINUTES}; also VM_MIGRATE_IDLE_MINUTES)`,
    },
  },
  examples: [],
  operations: [],

  async run({ idleMinutes }, session) {
    const { runBackground } = await loadEngine();
    const log = (line: string): void => session.terminal.say(`${new Date().toISOString()} ${line}`);
    // Sources and targets are rows in the database: the configuration of whoever started it is not needed.
    const stateFolder = session.globals.stateFolder ?? (await session.config()).stateFolder;
    const minutes = idleMinutes ?? (Number(process.env['VM_MIGRATE_IDLE_MINUTES']) || IDLE_MINUTES);
    // Not ours to act on: runBackground brings everything down by itself.
    session.signals.take();
    let isIdle = async (): Promise<boolean> => false;
    log(`version ${VERSION}, process ${process.pid}, state in ${stateFolder}`);
    const end = await runBackground(stateFolder, {
      idleMs: minutes * 60_000,
      isIdle: () => isIdle(),
      onReady: async databaseUrl => {
        const work = await startWork(databaseUrl, session, log);
        isIdle = work.isIdle;
        log('ready');
        return work;
      },
    });
    log(`ended: ${end}`);
    return EXIT.done;
  },
});

async function startWork(databaseUrl: string, { program }: Session, log: (line: string) => void) {
  const { openEngine } = await loadEngine();
  const engine = await openEngine({
    databaseUrl,
    databaseName: 'embedded',
    applicationName: 'vm-migrate background',
    sources: [],
    targets: [],
    moverProgram: moverProgram(program),
  });
  const worker = await engine.startWorker({
    surface: 'background',
    // The lock of the state folder: there is no other on this database.
    neighbours: 'none',
    version: VERSION,
    settings: workerSettings({}),
    log,
  });
  return {
    isIdle: async () => worker.busy() === 0 && (await engine.isIdle()),
    async stop() {
      await worker.stop();
      await engine.close();
    },
  };
}
