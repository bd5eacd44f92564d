/** What a worker answers to probes and to Prometheus, over real HTTP. */
import http from 'node:http';
import type { WorkerHealth } from '@vm-migrate/engine';
import { onFreePort } from '../../test/free-port';
import { openWorkerServer, type MetricsHandler, type WorkerServer } from './worker-server';

const ADDRESS = '127.0.0.1';

function ask(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: ADDRESS, port, path }, answer => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      })
      .on('error', reject);
  });
}

describe('the server of a worker', () => {
  let server: WorkerServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const metrics = async (): Promise<MetricsHandler> => (_, response) =>
    void response.end('samples');

  it('is alive and not ready until there is a worker, then says what the worker says', async () => {
    const port = await onFreePort(async free => {
      const ports = { healthPort: free, metricsPort: free, address: ADDRESS };
      server = await openWorkerServer(ports, metrics);
      return free;
    });
    expect(await ask(port, '/livez')).toMatchObject({ status: 200 });
    server?.notReady('database: away');
    expect(await ask(port, '/readyz')).toEqual({ status: 503, text: 'database: away\n' });
    let health: WorkerHealth = {
      alive: true,
      ready: true,
      lines: ['database: ok', 'target a: ok'],
    };
    server?.answerFrom(async () => health);
    expect(await ask(port, '/readyz')).toEqual({
      status: 200,
      text: 'database: ok\ntarget a: ok\n',
    });
    health = { alive: false, ready: false, lines: ['leases: stuck'] };
    expect(await ask(port, '/livez')).toEqual({ status: 503, text: 'leases: stuck\n' });
    expect(await ask(port, '/metrics?a=b')).toEqual({ status: 200, text: 'samples' });
    expect(await ask(port, '/other')).toMatchObject({ status: 404 });
  });

  it('loads the exporter only for a metrics port', async () => {
    let loaded = 0;
    const port = await onFreePort(async free => {
      const ports = { healthPort: free, metricsPort: undefined, address: ADDRESS };
      server = await openWorkerServer(ports, () => ((loaded += 1), metrics()));
      return free;
    });
    expect(loaded).toBe(0);
    expect(await ask(port, '/metrics')).toMatchObject({ status: 404 });
  });

  it('says which port is taken', async () => {
    const ports = await onFreePort(async port => {
      const free = { healthPort: port, metricsPort: undefined, address: ADDRESS };
      server = await openWorkerServer(free, metrics);
      return free;
    });
    await expect(openWorkerServer(ports, metrics)).rejects.toThrow(
      new RegExp(`port ${ports.healthPort} of ${ADDRESS} .*EADDRINUSE`),
    );
  });
});
