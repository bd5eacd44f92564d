/** The mover program as it stands in the sources, bundled for tests; koffi is found beside node_modules. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../../..');

/** Path of the bundle. Made once for each process that runs tests. */
export function buildMover(): string {
  if (built === undefined) {
    const folder = path.join(root, 'node_modules/.cache/vm-migrate');
    mkdirSync(folder, { recursive: true });
    const outfile = path.join(folder, `mover-${process.pid}.cjs`);
    const esbuild = path.join(root, 'node_modules/.bin/esbuild');
    execFileSync(
      esbuild,
      [
        path.join(root, 'packages/mover/src/main.ts'),
        '--bundle',
        '--platform=node',
        '--target=node22',
        '--format=cjs',
        '--external:koffi',
        `--outfile=${outfile}`,
        '--log-level=error',
      ],
      { cwd: root },
    );
    built = outfile;
  }
  return built;
}

let built: string | undefined;
