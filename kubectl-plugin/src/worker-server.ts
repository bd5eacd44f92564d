/**
 * What a worker answers to those who look after it: /livez and /readyz for probes, /metrics for
 * Prometheus. It is up before the database is, so that a probe can say what is missing.
 */
import http from 'node:http';
import type { WorkerHealth } from '@vm-migrate/engine';
import { UsageError } from './usage-error';

export interface WorkerPorts {
  readonly healthPort: number | undefined;
  readonly metricsPort: number | undefined;
  /** Address to listen on; `*`: every one. */
  readonly address: string;
}

export interface WorkerServer {
  /** Whom probes ask from now on. Until then: alive, not ready, with these words. */
  answerFrom(health: () => Promise<WorkerHealth>): void;
  notReady(why: string): void;
  close(): Promise<void>;
}

/** Writes the answer to a scrape. */
export type MetricsHandler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/**
 * One server for a port that is given twice.
 * @param metrics is only called when there is a metrics port: it loads the exporter
 */
export async function openWorkerServer(
  { healthPort, metricsPort, address }: WorkerPorts,
  metrics: () => Promise<MetricsHandler>,
): Promise<WorkerServer> {
  let health = startingHealth('starting');
  const routes = new Map<number, Map<string, Handler>>();
  const add = (port: number, path: string, handler: Handler): void => {
    const there = routes.get(port) ?? new Map<string, Handler>();
    routes.set(port, there.set(path, handler));
  };
  if (healthPort !== undefined) {
    add(healthPort, '/livez', (_, response) => void answer(response, health, ({ alive }) => alive));
    add(
      healthPort,
      '/readyz',
      (_, response) => void answer(response, health, ({ ready }) => ready),
    );
  }
  if (metricsPort !== undefined) add(metricsPort, '/metrics', await metrics());
  const servers = await Promise.all(
    [...routes].map(([port, handlers]) => listen(port, address, handlers)),
  );
  return {
    answerFrom: ask => void (health = ask),
    notReady: why => void (health = startingHealth(why)),
    async close() {
      await Promise.all(servers.map(close));
    },
  };
}

function startingHealth(why: string): () => Promise<WorkerHealth> {
  return async () => ({ alive: true, ready: false, lines: [why] });
}

async function answer(
  response: http.ServerResponse,
  health: () => Promise<WorkerHealth>,
  isWell: (health: WorkerHealth) => boolean,
): Promise<void> {
  const seen = await health();
  response.writeHead(isWell(seen) ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${seen.lines.join('\n')}\n`);
}

function listen(
  port: number,
  address: string,
  handlers: ReadonlyMap<string, Handler>,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = handlers.get(path);
    if (handler !== undefined && (request.method === 'GET' || request.method === 'HEAD'))
      return handler(request, response);
    response.writeHead(404, { 'content-type': 'text/plain' });
    response.end(`${[...handlers.keys()].join('\n')}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          `port ${port} of ${address} cannot be listened on: ${error.code ?? error.message}`,
          'Another process may have it. Choose another with --health-port and --metrics-port.',
        ),
      ),
    );
    server.listen({ port, ...(address === '*' ? {} : { host: address }) }, () => resolve(server));
  });
}

function close(server: http.Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
