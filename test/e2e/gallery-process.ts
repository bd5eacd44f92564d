/** The gallery as `npm run gallery` serves it, at a port of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onFreePort } from '../free-port';

export interface Gallery {
  readonly url: string;
  stop(): Promise<void>;
}

/** `root`: the checkout. @throws Error when it ends before it is served */
export function startGallery(root: string): Promise<Gallery> {
  return onFreePort(port => startAt(port, root));
}

async function startAt(port: number, root: string): Promise<Gallery> {
  const program = spawn(
    process.execPath,
    [path.join(root, 'scripts', 'gallery.mjs'), '--port', String(port)],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  program.stderr.on('data', part => {
    process.stderr.write(String(part));
    said += String(part);
  });
  for await (const part of program.stdout) {
    said += String(part);
    if (said.includes('Gallery: ')) break;
  }
  if (!said.includes('Gallery: ')) throw new Error(`The gallery ended: ${said}`);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      if (program.exitCode !== null) return;
      program.kill('SIGTERM');
      await once(program, 'exit');
    },
  };
}
