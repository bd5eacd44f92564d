// A port of this machine: whether it can be had, and whether something answers there.
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';

/** Ends the program, naming the argument for another one, when somebody listens there. */
export async function assertFree(port, argument) {
  const server = net.createServer();
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why =
      error.code === 'EADDRINUSE' ? 'is taken: another program listens there' : error.message;
    process.stderr.write(`Port ${port} ${why}. Choose another one with ${argument} N.\n`);
    process.exit(1);
  }
  server.close();
  await once(server, 'close');
}

/** Until the address answers well, or `child` has ended; true: it answers. */
export async function answers(url, child) {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  while (!hasEnded()) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return true;
    await sleep(200);
  }
  return false;
}
