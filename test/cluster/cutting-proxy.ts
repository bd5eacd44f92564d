/** A proxy in front of the API server that cuts connections which carry much to it, as a push does. TLS goes through untouched. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  /** Of the proxy: `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** Connections that it has cut. */
  cuts(): number;
  /** Bytes that went to the API server. */
  bytesSent(): number;
  close(): void;
}

/** Below this it may be any request. */
const SURELY_A_PUSH_BYTES = 128 * 1024;

/**
 * @param server URL of the API server
 * @param mostBytes each push is cut somewhere before it has carried so many bytes
 * @param mostCuts so many of them
 */
export async function cuttingProxy(
  server: string,
  { mostBytes, mostCuts, seed }: { mostBytes: number; mostCuts: number; seed: number },
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(server);
  const sockets = new Set<Socket>();
  let cuts = 0;
  let sent = 0;
  let state = seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const proxy = createServer(client => {
    const api = connect(Number(port), hostname);
    const left = SURELY_A_PUSH_BYTES + random() * (mostBytes - SURELY_A_PUSH_BYTES);
    let carried = 0;
    const end = (): void => {
      client.destroy();
      api.destroy();
    };
    for (const socket of [client, api]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    api.pipe(client);
    client.pipe(api);
    client.on('data', (chunk: Buffer) => {
      carried += chunk.length;
      sent += chunk.length;
      if (carried < left || cuts >= mostCuts) return;
      cuts++;
      end();
    });
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    server: `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cuts: () => cuts,
    bytesSent: () => sent,
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
