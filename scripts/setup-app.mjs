// The app that a browser loads: built by Backstage's own command, again only when what it is made
// from has changed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { filesUnder, hashFiles, stamp, withLock } from './setup-stamp.mjs';
import { SetupError, root, setUpNode, toolEnvironment } from './setup.mjs';

const tools = path.join(root, '.tools');
const app = path.join(root, 'packages', 'app');
const say = text => process.stderr.write(`set-up: ${text}\n`);

const inputs = [
  'yarn.lock',
  'scripts/setup-app.mjs',
  'packages/api',
  'packages/app',
  'plugins/vm-migrate',
  'plugins/vm-migrate-common',
];

/** After setUp, which installs what it takes. @throws SetupError */
export function buildApp() {
  const built = () =>
    fs.existsSync(path.join(app, 'dist', 'index.html')) && stamp(tools, 'app').matches(hash());
  if (built()) return;
  withLock(tools, say, () => {
    if (built()) return;
    const began = performance.now();
    say('app');
    const before = hash();
    stamp(tools, 'app').clear();
    const result = spawnSync(
      setUpNode(),
      [path.join(root, 'node_modules/@backstage/cli/bin/backstage-cli'), 'package', 'build'],
      { cwd: app, encoding: 'utf8', env: toolEnvironment({ NODE_ENV: 'production' }) },
    );
    if (result.status !== 0)
      throw new SetupError(`The app could not be built.\n${result.stdout}${result.stderr}`);
    stamp(tools, 'app').write(before);
    say(`app built in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
}

function hash() {
  const isInput = file => !/\.test\.tsx?$|\.md$/.test(file);
  const files = inputs.flatMap(input => filesUnder(path.join(root, input), isInput));
  return hashFiles(root, files);
}
