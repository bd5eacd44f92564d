// What a package publishes, made from its sources in the copy of pack-stage.mjs.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { buildSync } from 'esbuild';

import { SetupError, root, setUpNode, toolEnvironment } from './setup.mjs';

/** @throws SetupError with what the tool said */
export function buildPackage({ name, folder, build, entries }, stage) {
  const target = path.join(stage, folder);
  if (build.programs) return;
  if (build.modules) {
    buildModules(target, entries);
    fs.cpSync(path.join(stage, 'dist-types', folder, 'src'), path.join(target, 'dist'), {
      recursive: true,
    });
    return;
  }
  backstage(name, target, 'build', '--role', build.role);
  // Entry points, the schema of config.d.ts, and what an app finds by itself, into the package.json.
  backstage(name, target, 'prepack');
  fs.rmSync(path.join(target, 'package.json-prepack'), { force: true });
}

/** One CommonJS file for each source that an entry reaches: what two entries share exists once. */
function buildModules(target, entries) {
  const options = { absWorkingDir: target, platform: 'node', format: 'cjs', target: 'node22.18' };
  const { metafile } = buildSync({
    ...options,
    entryPoints: entries.map(({ file }) => file),
    bundle: true,
    packages: 'external',
    outdir: 'dist',
    write: false,
    metafile: true,
  });
  buildSync({
    ...options,
    entryPoints: Object.keys(metafile.inputs),
    outbase: 'src',
    outdir: 'dist',
    sourcemap: 'linked',
    sourcesContent: false,
  });
}

function backstage(name, cwd, ...args) {
  const cli = path.join(root, 'node_modules', '@backstage', 'cli', 'bin', 'backstage-cli');
  const result = spawnSync(setUpNode(), [cli, 'package', ...args], {
    cwd,
    encoding: 'utf8',
    env: toolEnvironment({ NODE_ENV: 'production' }),
  });
  if (result.status !== 0)
    throw new SetupError(
      `${name}: backstage-cli package ${args[0]} failed.\n${result.stdout}${result.stderr}`,
    );
}
