// npm start: sets everything up and starts Backstage with vm-migrate on this machine alone: the built
// app and its backend on one port, an embedded PostgreSQL, the example VM as a source, guests.
import path from 'node:path';

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
else start();

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

function start() {
  orExplain(() => {
    setUp();
    buildApp();
  });
  const { files, words } = prepareStart({ port, more: configs });
  const sameOne = port === 7007 ? '' : ` --port ${port}`;
  process.stdout.write(
    `${words.map(line => `${line}\n`).join('')}Backstage with vm-migrate: http://127.0.0.1:${port}/vm-migrate
At a terminal, the same migrations:
  export VM_MIGRATE_API_URL=http://127.0.0.1:${port} VM_MIGRATE_API_TOKEN=$(npm start --silent --${sameOne} --token)
  kubectl vm-migrate get vms
`,
  );
  runInstead(
    setUpNode(),
    [
      '--enable-source-maps',
      path.join(root, 'packages', 'backend', 'dist', 'index.cjs'),
      ...files.flatMap(file => ['--config', file]),
    ],
    // Guests are Backstage's for development only; this backend is on this machine alone.
    toolEnvironment({ NODE_ENV: 'development' }),
  );
}
