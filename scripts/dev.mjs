// npm run dev: Backstage as `npm start` has it, with hot reload: the browser takes changes of the
// frontend as they are saved, and the backend is built and started again after changes of its code.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';

import { orExplain, root, setUp, setUpNode, toolEnvironment } from './setup.mjs';
import { assertFree } from './ports.mjs';
import { readStartArguments } from './start-arguments.mjs';
import { prepareStart } from './start-folder.mjs';

const usage = `usage: npm run dev -- [--port N] [--config FILE]...
  --port N       the backend's port, 7007 if not said
  --app-port N   the app's port, 3000 if not said: open that one
`;
const { port, appPort, configs } = readStartArguments(process.argv.slice(2), usage);
/** A save touches several files, and an editor writes each more than once. */
const settleMs = 200;

await assertFree(port, '--port');
await assertFree(appPort, '--app-port');
orExplain(() => setUp());
const { files, words } = prepareStart({
  port,
  appUrl: `http://localhost:${appPort}`,
  more: configs,
});
for (const line of words) process.stdout.write(`${line}\n`);
const withConfigs = files.flatMap(file => ['--config', file]);
const environment = toolEnvironment({ NODE_ENV: 'development' });

const app = spawn(
  setUpNode(),
  [
    path.join(root, 'node_modules/@backstage/cli/bin/backstage-cli'),
    'package',
    'start',
    ...withConfigs,
  ],
  { cwd: path.join(root, 'packages', 'app'), stdio: 'inherit', env: environment },
);
let backend = startBackend();
let isStopping = false;
watch();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    isStopping = true;
    app.kill('SIGTERM');
    backend.kill('SIGTERM');
  });
app.on('exit', code => {
  if (!isStopping) backend.kill('SIGTERM');
  isStopping = true;
  process.exitCode = code ?? 0;
});

function startBackend() {
  const program = path.join(root, 'packages', 'backend', 'dist', 'index.cjs');
  return spawn(setUpNode(), ['--enable-source-maps', program, ...withConfigs], {
    cwd: root,
    stdio: 'inherit',
    env: environment,
  });
}

/** The backend's own sources: what the app is made of is the app's to watch. */
function watch() {
  let timer;
  const isFrontend = file => /^(packages\/app|plugins\/vm-migrate)\//.test(file);
  for (const folder of ['packages', 'plugins', 'kubectl-plugin'])
    fs.watch(path.join(root, folder), { recursive: true }, (_event, name) => {
      const file = path.join(folder, name ?? '');
      if (!/\/src\/.*\.(ts|json)$/.test(file) || /\.test\.ts$/.test(file) || isFrontend(file))
        return;
      clearTimeout(timer);
      timer = setTimeout(() => void again(file), settleMs);
    });
}

/** A build that fails leaves the old backend running: its error is all that is new. */
async function again(file) {
  process.stderr.write(`dev: ${file} changed, the backend is built again\n`);
  const built = spawnSync(setUpNode(), [path.join(root, 'scripts', 'build.mjs')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment,
  });
  if (built.status !== 0 || isStopping) return;
  const before = backend;
  before.kill('SIGTERM');
  if (before.exitCode === null && before.signalCode === null) await once(before, 'exit');
  if (!isStopping) backend = startBackend();
}
