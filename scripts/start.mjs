// npm start: sets everything up and starts Backstage with vm-migrate on this machine alone: the built
// app and its backend on one port, an embedded PostgreSQL, the example VM as a source, guests.
import path from 'node:path';

import { answers, assertFree } from './ports.mjs';
import { buildApp } from './setup-app.mjs';
import { orExplain, root, runInstead, setUp, setUpNode, toolEnvironment } from './setup.mjs';
import { readStartArguments } from './start-arguments.mjs';
import { prepareStart } from './start-folder.mjs';

const usage = `usage: npm start -- [--port N] [--config FILE]... [--token]
  --port N       another port than 7007
  --config FILE  more configuration, read last; app-config.local.yaml of the checkout is read too
  --token        prints a guest's token for the command line, of a Backstage that runs
`;
const { port, configs, wantsToken } = readStartArguments(process.argv.slice(2), usage);

if (wantsToken) await printToken();
else await start();

async function printToken() {
  const answer = await fetch(`http://127.0.0.1:${port}/api/auth/guest/refresh`, {
    headers: { 'x-requested-with': 'XMLHttpRequest' },
  }).catch(error => ({ ok: false, status: error.cause?.message ?? error.message }));
  if (!answer.ok) {
    process.stderr.write(`no token from port ${port}: ${answer.status}. Start it: npm start\n`);
    process.exit(1);
  }
  const { backstageIdentity } = await answer.json();
  process.stdout.write(`${backstageIdentity.token}\n`);
}

async function start() {
  await assertFree(port, '--port');
  orExplain(() => {
    setUp();
    buildApp();
  });
  const { files, words } = prepareStart({ port, more: configs });
  const sameOne = port === 7007 ? '' : ` --port ${port}`;
  for (const line of words) process.stdout.write(`${line}\n`);
  process.stdout.write('Starting Backstage\n');
  const backend = runInstead(
    setUpNode(),
    [
      '--enable-source-maps',
      path.join(root, 'packages', 'backend', 'dist', 'index.cjs'),
      ...files.flatMap(file => ['--config', file]),
    ],
    toolEnvironment({
      // Guests are Backstage's for development only; this backend is on this machine alone.
      NODE_ENV: 'development',
      // Of the address and the commands below nothing is to scroll away.
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
    }),
  );
  if (!(await answers(`http://127.0.0.1:${port}/api/vm-migrate/health`, backend))) return;
  process.stdout.write(
    `Backstage with vm-migrate: http://127.0.0.1:${port}/vm-migrate
At a terminal in this folder, the same migrations:
  export PATH="$PWD/kubectl-plugin/bin:$PATH"
  export VM_MIGRATE_API_URL=http://127.0.0.1:${port} VM_MIGRATE_API_TOKEN=$(npm start --silent --${sameOne} --token)
  kubectl vm-migrate get vms
Ctrl-C ends it; LOG_LEVEL=info shows what it does.
`,
  );
}
