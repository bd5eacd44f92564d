// npm run typecheck: what runs in Node, then what runs in a browser.
import { spawnSync } from 'node:child_process';

import { orExplain, root, setUp, toolEnvironment } from './setup.mjs';

orExplain(() => setUp({ build: false }));
for (const project of ['tsconfig.json', 'tsconfig.frontend.json']) {
  const result = spawnSync('tsc', ['-p', project], {
    cwd: root,
    env: toolEnvironment(),
    stdio: 'inherit',
  });
  if (result.status !== 0) process.exitCode = 1;
}
