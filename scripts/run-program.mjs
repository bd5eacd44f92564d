// node scripts/run-program.mjs fuzz|soak|bench|bench-cluster|cluster [ARG...]: sets up, builds, runs test/<name>/main.ts.
import fs from 'node:fs';
import path from 'node:path';

import { orExplain, root, runInstead, setUp, setUpNode } from './setup.mjs';

const [name = '', ...args] = process.argv.slice(2);
const source = path.join(root, 'test', name, 'main.ts');
if (!name || !fs.existsSync(source)) {
  process.stderr.write(`There is no ${path.relative(root, source)}.\n`);
  process.exit(2);
}
orExplain(() => setUp());
runInstead(setUpNode(), [
  '--enable-source-maps',
  path.join(root, 'test', 'dist', `${name}.cjs`),
  ...args,
]);
