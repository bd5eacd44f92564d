// npm run demo: sets up, then hands over to the CLI's own `demo`.
import path from 'node:path';

import { orExplain, root, runInstead, setUp, setUpNode } from './setup.mjs';

orExplain(() => setUp({ scope: 'demo' }));
runInstead(setUpNode(), [
  path.join(root, 'kubectl-plugin', 'dist', 'main.cjs'),
  'demo',
  ...process.argv.slice(2),
]);
