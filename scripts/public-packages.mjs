// The packages that are published, and how each is built.
import fs from 'node:fs';
import path from 'node:path';

import { root } from './setup.mjs';

/**
 * `role`: Backstage's own tool builds it as such. `modules`: file by file, as TypeScript would.
 * `programs`: `npm run build` has bundled all that it publishes.
 */
const builds = {
  '@vm-migrate/api': { role: 'common-library' },
  '@vm-migrate/engine': { modules: true },
  '@vm-migrate/mover': { programs: true },
  '@vm-migrate/kubectl-plugin': { programs: true },
};

const folders = ['packages', 'plugins'].flatMap(parent =>
  fs.readdirSync(path.join(root, parent)).map(name => `${parent}/${name}`),
);

/** In the order of their folders: { name, folder, manifest, build, entries }. */
export function publicPackages() {
  return [...folders, 'kubectl-plugin']
    .filter(folder => fs.existsSync(path.join(root, folder, 'package.json')))
    .map(readPackage)
    .filter(({ manifest }) => !manifest.private);
}

function readPackage(folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  const build = builds[manifest.name] ?? { role: manifest.backstage?.role };
  return { name: manifest.name, folder, manifest, build, entries: entriesOf(folder, manifest) };
}

/** What other packages import: { mount, file (from the package's folder), exists }, sources only. */
function entriesOf(folder, { exports = { '.': './src/index.ts' }, main = '' }) {
  if (main.startsWith('dist/')) return [];
  return Object.entries(exports)
    .filter(([, file]) => /\.tsx?$/.test(file))
    .map(([mount, file]) => ({
      mount,
      file: file.replace(/^\.\//, ''),
      exists: fs.existsSync(path.join(root, folder, file)),
    }));
}

/** What a package's manifest promises and its sources do not have, one line each. */
export function missingEntries(packages) {
  return packages.flatMap(({ name, folder, entries }) =>
    entries
      .filter(entry => !entry.exists)
      .map(({ mount, file }) => `${path.posix.join(name, mount)}: there is no ${folder}/${file}`),
  );
}

/** Its code runs in a browser as well. */
export const isFrontend = ({ manifest }) => /^(frontend|web)/.test(manifest.backstage?.role ?? '');
