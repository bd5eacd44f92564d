/** The gallery as `npm run gallery` serves it, at a port of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from './backstage-process';

export interface Gallery {
  readonly url: string;
  stop(): Promise<void>;
}

/** `root`: the checkout. @throws Error when it ends before it is served */
export async function startGallery(root: string): Promise<Gallery> {
  const port = await freePort();
  const program = spawn(
    process.execPath,
    [path.join(root, 'scripts', 'gallery.mjs'), '--port', String(port)],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
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
