/** worker: a worker in the foreground, on a database that several share. */
import type { Engine } from '@vm-migrate/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../exit-codes';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { VERSION } from '../version';
import { openWorkerServer, type WorkerServer } from '../worker-server';
import { WORKER_OPTIONS, workerSettings } from '../worker-settings';

export const worker = defineVerb({
  name: 'worker',
  group: 'run',
  onThisMachine: 'it works on the queue of a database',
  summary: 'work on the queue of a given database until told to stop',
  details: [
    'More workers, more throughput; each takes only what it can reach. SIGTERM or Ctrl-C: it is no longer ready,',
    'gives its steps back and ends; movers in pods go on, others stop at their next window. Without a database of',
    'its own there is no need for one: the background process works. In a cluster: worker deploy.',
  ],
  positionals: {},
  options: {
    ...WORKER_OPTIONS,
    'health-port': {
      type: 'number',
      describe: 'Answers /livez and /readyz there, and waits for a database that is away',
    },
    'metrics-port': {
      type: 'number',
      describe: 'Answers /metrics there, for Prometheus; may be the same port',
    },
    listen: {
      type: 'string',
      describe: 'Address for both (127.0.0.1); *: every address',
    },
  },
  examples: [
    {
      command: 'worker --database-url-file /etc/vm-migrate/url',
      why: 'in a service unit or a pod',
    },
    {
      command: 'worker --health-port 9464 --metrics-port 9464',
      why: 'with probes and metrics',
    },
  ],
  operations: [],

  async run(args, session) {
    const settings = workerSettings(args);
    const { worker: configured } = await session.config();
    const healthPort = checkedPort('health-port', args.healthPort) ?? configured.healthPort;
    const metricsPort = checkedPort('metrics-port', args.metricsPort) ?? configured.metricsPort;
    const stop = session.signals.take();
    const log = (line: string): void => session.terminal.say(`${new Date().toISOString()} ${line}`);
    const server = await openWorkerServer(
      { healthPort, metricsPort, address: args.listen ?? configured.listen ?? '127.0.0.1' },
      async () => metricsExporter().startMetrics(),
    );
    try {
      const engine =
        healthPort === undefined
          ? await session.engine()
          : await openWhenThere(session, server, stop, log);
      if (engine === undefined) return EXIT.done;
      const running = await engine.startWorker({
        surface: 'cli',
        version: VERSION,
        settings,
        log,
      });
      server.answerFrom(() => running.health());
      log(`worker ${running.id} takes steps; Ctrl-C or SIGTERM ends it`);
      await untilAborted(stop);
      log('stopping: gives its steps back');
      await running.stop();
      log('stopped');
      return EXIT.done;
    } finally {
      await server.close();
    }
  },
});

/** Only now, see there. Not by `import()`, which would need a file extension here that jest does not resolve. */
function metricsExporter(): typeof import('../metrics-exporter') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily, see above
  return require('../metrics-exporter') as typeof import('../metrics-exporter');
}

const AGAIN_MS = 2_000;

/** Whoever probes sees what is missing, so there is no need to end for it. `undefined`: told to stop first. */
async function openWhenThere(
  session: Session,
  server: WorkerServer,
  stop: AbortSignal,
  log: (line: string) => void,
): Promise<Engine | undefined> {
  let said = '';
  while (!stop.aborted) {
    try {
      return await session.reconnect();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'DATABASE_UNREACHABLE'))
        throw error;
      if (said !== error.message) log(`waiting for the database: ${error.message}`);
      said = error.message;
      server.notReady(`database: ${error.message.replaceAll('\n', ' ')}`);
    }
    await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  return undefined;
}

/** @throws UsageError */
function checkedPort(name: string, port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536)) return port;
  throw new UsageError(`--${name} takes a port, 1 to 65535`, `As in: --${name} 9464`);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // A promise alone keeps no process alive; the worker's own timers do.
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
