// npm run backend: sets everything up and starts a Backstage backend with vm-migrate on this machine
// alone: an embedded PostgreSQL, the example VM as a source, guests. `npm run backend -- --port N`
// takes another port. `--token` prints a guest's token for the CLI, of a backend that runs.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

import { orExplain, root, runInstead, setUp, setUpNode, toolEnvironment } from './setup.mjs';

const args = process.argv.slice(2);
const given = args.indexOf('--port');
const port = given === -1 ? 7007 : Number(args[given + 1]);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write('usage: npm run backend -- [--port N] [--token]\n');
  process.exit(2);
}

if (args.includes('--token')) await printToken();
else start();

async function printToken() {
  const answer = await fetch(`http://127.0.0.1:${port}/api/auth/guest/refresh`, {
    headers: { 'x-requested-with': 'XMLHttpRequest' },
  }).catch(error => ({ ok: false, status: error.cause?.message ?? error.message }));
  if (!answer.ok) {
    process.stderr.write(
      `no token from port ${port}: ${answer.status}. Start it: npm run backend\n`,
    );
    process.exit(1);
  }
  const { backstageIdentity } = await answer.json();
  process.stdout.write(`${backstageIdentity.token}\n`);
}

function start() {
  orExplain(() => setUp());
  const folder = path.join(process.env.VM_MIGRATE_DEMO_PARENT ?? root, '.demo', 'backstage');
  const config = prepared(folder);
  process.stdout.write(
    `A Backstage backend with vm-migrate: http://127.0.0.1:${port}\n` +
      `  export VM_MIGRATE_API_URL=http://127.0.0.1:${port} VM_MIGRATE_API_TOKEN=$(npm run backend --silent -- --token)\n` +
      `  kubectl vm-migrate get vms\n`,
  );
  runInstead(
    setUpNode(),
    [
      '--enable-source-maps',
      path.join(root, 'packages', 'backend', 'dist', 'index.cjs'),
      '--config',
      config,
    ],
    // Guests are Backstage's for development only; this backend is on this machine alone.
    toolEnvironment({ NODE_ENV: 'development' }),
  );
}

/** The example VM and a configuration, in the checkout's ignored folder; what is there is left alone. */
function prepared(folder) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
  const vm = path.join(folder, 'vms', 'example');
  if (!fs.existsSync(vm)) {
    const writer = path.join(root, 'test', 'dist', 'example-vm.cjs');
    const draft = `${vm}.${process.pid}`;
    fs.mkdirSync(path.dirname(vm), { recursive: true });
    const result = spawnSync(setUpNode(), [writer, draft], { stdio: 'inherit' });
    if (result.status !== 0) process.exit(1);
    fs.renameSync(draft, vm);
  }
  const config = path.join(folder, 'app-config.yaml');
  fs.writeFileSync(
    config,
    `# Written by \`npm run backend\` at each start.
app: { title: vm-migrate, baseUrl: 'http://127.0.0.1:${port}' }
backend:
  baseUrl: 'http://127.0.0.1:${port}'
  listen: { host: 127.0.0.1, port: ${port} }
  database: { client: better-sqlite3, connection: ':memory:' }
auth: { environment: development, providers: { guest: {} } }
catalog:
  rules: [{ allow: [User, Group, Template] }]
  locations:
    - { type: file, target: '${path.join(root, 'examples', 'catalog', 'users.yaml')}' }
    - { type: file, target: '${path.join(root, 'examples', 'templates', 'migrate-vm.yaml')}' }
    - { type: file, target: '${path.join(root, 'examples', 'templates', 'migrate-vms.yaml')}' }
  providers:
    vmMigrate: { owner: { default: 'group:default/guests' } }
vmMigrate:
  stateFolder: '${path.join(folder, 'state')}'
  database: embedded
  sources:
    demo: { kind: vm-directory, folder: '${path.join(folder, 'vms')}' }
  targets:
    local:
      kind: local-directory
      classes: { fast: { folder: '${path.join(folder, 'volumes')}', snapshots: auto, default: true } }
`,
    { mode: 0o600 },
  );
  return config;
}
