import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { assertWhole, generator } from '../../testing/local-directory-churn';
import { openLocalDirectory } from '../../testing/local-directory-harness';

const ENGINE = path.join(__dirname, '../..');
const REPOSITORY = path.join(ENGINE, '../../..');
/** Inside the repository, so that the bundle finds koffi. */
const BUILD = path.join(REPOSITORY, 'node_modules/.cache/vm-migrate-tests', `churn-${process.pid}`);
const ROUNDS = 8;

describe('processes on one local directory', () => {
  let root: string;
  const program = path.join(BUILD, 'churn.js');
  beforeAll(() => {
    mkdirSync(BUILD, { recursive: true });
    const esbuild = path.join(REPOSITORY, 'node_modules/.bin/esbuild');
    const source =
      "import { churn } from './testing/local-directory-churn';\nconst [root = '', seed = ''] = process.argv.slice(2);\nprocess.stdout.write('ready');\nchurn(root, Number(seed), Infinity).catch(error => { console.error(error); process.exit(2); });";
    execFileSync(
      esbuild,
      [
        '--bundle',
        '--platform=node',
        '--external:koffi',
        '--sourcemap=inline',
        `--outfile=${program}`,
        '--log-level=error',
        '--loader=ts',
      ],
      { input: source, cwd: ENGINE },
    );
  });
  afterAll(() => rmSync(BUILD, { recursive: true, force: true }));
  beforeEach(async () => {
    root = path.join(await mkdtemp(path.join(tmpdir(), 'vmm-churn-')), 'fast');
  });
  afterEach(() => rm(path.dirname(root), { recursive: true, force: true }));

  it('that race and are killed at random leave only whole objects, and nothing that stands in the way', async () => {
    const seed = Number(process.env.VMM_SEED ?? Date.now() % 1_000_000);
    const random = generator(seed);
    let seen = 0;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const children = [1, 2].map(child => start(program, root, seed * 100 + round * 2 + child));
        await Promise.all(
          children.map(({ process: child }) => once(child.stdout ?? child, 'data')),
        );
        // Each at its own moment; one goes on over the other's remains.
        await Promise.all(
          children.map(async ({ process: child, errors }) => {
            await new Promise(resolve => setTimeout(resolve, 50 + random(500)));
            expect([child.exitCode, errors()]).toEqual([null, '']);
            child.kill('SIGKILL');
            await once(child, 'exit');
          }),
        );
        seen += await assertWhole(root);
      }
      expect(seen).toBeGreaterThan(0);
      const target = openLocalDirectory(root, 'auto');
      await target.removeLeftovers('store-one');
      expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
      const { volumes, volumeSnapshots } = await target.inventory();
      for (const { name } of volumeSnapshots)
        await target.remove('volume-snapshot', name, 'store-one');
      for (const { name } of volumes) await target.remove('volume', name, 'store-one');
      expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
    } catch (error) {
      throw new Error(`VMM_SEED=${seed} replays the choices (not the timing) of this failure`, {
        cause: error,
      });
    }
  }, 180_000);
});

function start(
  program: string,
  root: string,
  seed: number,
): { process: ChildProcess; errors(): string } {
  const child = spawn(process.execPath, [program, root, String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return { process: child, errors: () => errors };
}
