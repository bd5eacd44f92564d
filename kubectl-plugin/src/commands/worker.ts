/** worker: a worker in the foreground, on a database that several share. */
import { EXIT } from '../exit-codes';
import { defineVerb } from '../verb';
import { VERSION } from '../version';
import { WORKER_OPTIONS, workerSettings } from '../worker-settings';

export const worker = defineVerb({
  name: 'worker',
  group: 'run',
  onThisMachine: 'it works on the queue of a database',
  summary: 'work on the queue of a given database until told to stop',
  details: [
    'More workers, more throughput; each takes only what it can reach. SIGTERM or Ctrl-C: stops its movers at',
    'their next window, gives its steps back and ends. Without a database of its own there is no need for one:',
    'the background process works.',
  ],
  positionals: {},
  options: WORKER_OPTIONS,
  examples: [
    {
      command: 'worker --database-url-file /etc/vm-migrate/url',
      why: 'in a service unit or a pod',
    },
  ],
  operations: [],

  async run(args, session) {
    const settings = workerSettings(args);
    const stop = session.signals.take();
    const engine = await session.engine();
    const log = (line: string): void => session.terminal.say(`${new Date().toISOString()} ${line}`);
    const running = await engine.startWorker({
      surface: 'cli',
      version: VERSION,
      settings,
      log,
    });
    log(`worker ${running.id} takes steps; Ctrl-C or SIGTERM ends it`);
    await untilAborted(stop);
    log('stopping: movers end at their next window');
    await running.stop();
    log('stopped');
    return EXIT.done;
  },
});

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // A promise alone keeps no process alive; the worker's own timers do.
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
