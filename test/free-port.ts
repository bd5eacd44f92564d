import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Of this machine; whoever is faster has it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts what listens at a port of its own; once more, where another program took that port meanwhile. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(await freePort());
  } catch (error) {
    if (!/EADDRINUSE|is taken/.test(String(error))) throw error;
    return start(await freePort());
  }
}
