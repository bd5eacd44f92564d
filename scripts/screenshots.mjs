// npm run screenshots: writes docs/images, which the tour shows, from the built app with VMs made for it.
// `-- NAME...` takes only those pictures. Look at each before it is committed. Tests never write there.
import fs from 'node:fs';
import path from 'node:path';

import { buildApp } from './setup-app.mjs';
import { orExplain, root, runInstead, setUp, setUpNode } from './setup.mjs';

/** What the pictures are made with: the browser, and fonts for the Latin and other scripts on them. */
const needed = [
  { file: '/usr/bin/chromium', apt: 'chromium' },
  {
    file: '/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf',
    apt: 'fonts-liberation',
  },
  { file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc', apt: 'fonts-noto-cjk' },
];

orExplain(() => {
  setUp();
  buildApp();
});
const missing = needed.filter(({ file }) => !fs.existsSync(file)).map(({ apt }) => apt);
if (missing.length > 0) {
  process.stderr.write(`The pictures need: apt-get install ${missing.join(' ')}\n`);
  process.exit(1);
}
runInstead(setUpNode(), [
  '--enable-source-maps',
  path.join(root, 'test', 'dist', 'screenshots.cjs'),
  path.join(root, 'docs', 'images'),
  ...process.argv.slice(2),
]);
