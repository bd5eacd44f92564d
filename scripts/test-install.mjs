// npm run test:install: packs every public package, then installs them in a Backstage outside of this
// checkout and looks at it there (test/install). Not part of `npm test`. `-- -t NAME` narrows it.
// VM_MIGRATE_INSTALL_FOLDER names a folder that is kept, and used again by the next run.
import os from 'node:os';
import path from 'node:path';

import { packAll } from './pack.mjs';
import { orExplain, root, runInstead, setUpNode, toolEnvironment } from './setup.mjs';

orExplain(() => packAll());
runInstead(
  setUpNode(),
  [path.join(root, 'scripts', 'test.mjs'), 'install', ...process.argv.slice(2)],
  // Gigabytes: on disk, where tests otherwise prefer memory.
  toolEnvironment({ TMPDIR: process.env.TMPDIR ?? os.tmpdir() }),
);
