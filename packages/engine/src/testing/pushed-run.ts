/** A pushed order on this machine: a mover that listens, a relay that pushes, and a proxy between them that can meddle. */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { EngineError } from '../errors';
import { LocalMover } from '../mover/local-mover';
import type { ApplyOrder, MoverStatus, PushedSource, WindowReport } from '../mover/mover';
import { PushRelay, type RelayOptions } from '../mover/push/push-relay';
import { buildMover } from './build-mover';

/** What a proxy does with a chunk on its way to the mover or back: hand on other bytes, or cut the connection. */
export type Meddle = (chunk: Buffer, to: 'mover' | 'engine') => Buffer | 'cut';

export interface PushedRunOptions extends Partial<Pick<RelayOptions, 'patienceMs' | 'program'>> {
  readonly meddle?: Meddle;
  readonly silenceMs?: number;
  /** Absent: the run is attended until it ends. */
  readonly onRunning?: (run: PushedRun) => void;
}

export interface PushedRun {
  readonly relay: PushRelay;
  readonly mover: LocalMover;
  readonly runId: string;
  readonly port: number;
  /** Bytes that the proxy has handed to the mover. */
  readonly pushedBytes: () => number;
  /** Connections that the proxy has seen. */
  readonly connections: () => number;
}

export interface PushedEnd {
  readonly status: Exclude<MoverStatus, { state: 'running' }>;
  readonly windows: readonly WindowReport[];
  readonly connections: number;
  readonly pushedBytes: number;
  readonly waits: readonly string[];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

export async function pushedSource(silenceMs = 30_000): Promise<PushedSource> {
  const key = randomBytes(32).toString('hex');
  return { kind: 'pushed', port: await freePort(), key, silenceMs };
}

/** Runs an order whose source is a folder of this machine as if only the engine had it. */
export async function runPushed(
  order: ApplyOrder,
  options: PushedRunOptions = {},
): Promise<PushedEnd> {
  const { meddle = chunk => chunk, patienceMs = 20_000 } = options;
  const source = await pushedSource(options.silenceMs);
  if (order.source.kind === 'pushed') throw new Error('pushed already');
  const mover = new LocalMover({ program: buildMover() });
  const proxy = await meddlingProxy(source.port, meddle);
  const windows: WindowReport[] = [];
  const waits: string[] = [];
  const relay = new PushRelay({
    program: options.program ?? buildMover(),
    runId: order.runId,
    key: source.key,
    order: { ...order, source: order.source },
    connect: () => connected(proxy.port),
    progress: () => windows.length,
    waits: reason => void (reason !== undefined && waits.push(reason)),
    pauseMs: number => Math.min(500, 10 * 2 ** number),
    patienceMs,
    giveUp: found => new EngineError('CLUSTER_UNREACHABLE', { found, retry: 'later' }),
  });
  const pushed = { ...order, source };
  options.onRunning?.({
    relay,
    mover,
    runId: order.runId,
    port: source.port,
    pushedBytes: proxy.pushedBytes,
    connections: proxy.connections,
  });
  try {
    for (;;) {
      const status = await Promise.race([
        mover.attend(pushed, 50),
        relay.ended.then(() => mover.attend(pushed, 50)),
      ]);
      windows.push(...status.windows);
      if (status.state !== 'running')
        return {
          status,
          windows,
          connections: proxy.connections(),
          pushedBytes: proxy.pushedBytes(),
          waits,
        };
    }
  } finally {
    await relay.close();
    await mover.close();
    proxy.close();
  }
}

export async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

interface Proxy {
  readonly port: number;
  pushedBytes(): number;
  connections(): number;
  close(): void;
}

async function meddlingProxy(port: number, meddle: Meddle): Promise<Proxy> {
  let pushedBytes = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer(client => {
    const mover = connect(port, '127.0.0.1');
    mover.once('connect', () => connections++);
    for (const socket of [client, mover]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    const end = (): void => {
      client.destroy();
      mover.destroy();
    };
    const hand = (from: Socket, onto: Socket, to: 'mover' | 'engine'): void => {
      from.on('data', (chunk: Buffer) => {
        const bytes = meddle(chunk, to);
        if (bytes === 'cut') return end();
        if (to === 'mover') pushedBytes += bytes.length;
        if (!onto.write(bytes)) {
          from.pause();
          onto.once('drain', () => from.resume());
        }
      });
      from.on('close', end);
    };
    hand(client, mover, 'mover');
    hand(mover, client, 'engine');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    pushedBytes: () => pushedBytes,
    connections: () => connections,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
