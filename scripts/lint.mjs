// npm run lint: ESLint, the import walls, and the format. All three always run; any failure fails.
import { spawnSync } from 'node:child_process';

import { orExplain, root, setUp, toolEnvironment } from './setup.mjs';

const checks = [
  ['eslint', '--max-warnings', '0', '.'],
  ['depcruise', 'packages', 'plugins', 'kubectl-plugin', 'test', '--output-type', 'err-long'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
];

orExplain(() => setUp({ build: false }));
const wanted = process.argv[2] === 'walls' ? checks.slice(1, 2) : checks;
for (const [command, ...args] of wanted) {
  const result = spawnSync(command, args, { cwd: root, env: toolEnvironment(), stdio: 'inherit' });
  if (result.status !== 0) process.exitCode = 1;
}
