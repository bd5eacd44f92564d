// A copy of the packages to build and pack in, below .tools: modules are found in the checkout's
// node_modules, and what packing rewrites is rewritten here.
import fs from 'node:fs';
import path from 'node:path';

import { root } from './setup.mjs';

const stage = path.join(root, '.tools', 'pack');

/** Files that no package publishes, nor is made from. */
const isLeftOut = file =>
  /\.test\.tsx?$|\/(node_modules|testing\/fixtures|packages\/api\/src\/testing)$/.test(file);

/** Returns the folder; its packages are where they are in the checkout, with the licence in each. */
export function stagePackages(packages) {
  fs.rmSync(stage, { recursive: true, force: true });
  fs.mkdirSync(stage, { recursive: true });
  for (const file of ['yarn.lock', '.yarnrc.yml', 'tsconfig.json', 'tsconfig.frontend.json'])
    fs.copyFileSync(path.join(root, file), path.join(stage, file));
  writeJson(path.join(stage, 'package.json'), {
    name: 'vm-migrate-pack',
    private: true,
    workspaces: packages.map(({ folder }) => folder),
    // Whose commands the CLI of Backstage has.
    devDependencies: { '@backstage/cli-defaults': '*' },
  });
  for (const { folder, build, entries } of packages) {
    const target = path.join(stage, folder);
    const built = path.join(root, folder, 'dist');
    fs.cpSync(path.join(root, folder), target, {
      recursive: true,
      filter: file => !isLeftOut(file) && (build.programs || file !== built),
    });
    fs.copyFileSync(path.join(root, 'LICENSE'), path.join(target, 'LICENSE'));
    dropEntries(path.join(target, 'package.json'), entries);
  }
  return stage;
}

/** What is missing is told by name already; the rest can be built without it. */
function dropEntries(file, entries) {
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const { mount, exists } of entries) if (!exists) delete manifest.exports?.[mount];
  writeJson(file, manifest);
}

export function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
