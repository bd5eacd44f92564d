/** A short run of `npm run fuzz`. VM_MIGRATE_FUZZ_SECONDS makes it longer, VM_MIGRATE_FUZZ_SEED replays it. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

const ROOT = path.resolve(__dirname, '../..');
// Inside the checkout, so that the bundle finds the native library that no bundle can hold.
const BUILD = path.join(ROOT, 'node_modules/.cache/vm-migrate-tests');
const SECONDS = Number(process.env['VM_MIGRATE_FUZZ_SECONDS'] ?? 60);
const SEED = process.env['VM_MIGRATE_FUZZ_SEED'] ?? String(Math.floor(Math.random() * 0x7fff_ffff));

describe('fuzz', () => {
  const program = path.join(BUILD, `fuzz-${process.pid}.cjs`);

  beforeAll(async () => {
    mkdirSync(BUILD, { recursive: true });
    await build({
      entryPoints: [path.join(ROOT, 'test/fuzz/main.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      external: ['koffi'],
      logLevel: 'error',
    });
  }, 60_000);

  afterAll(() => rmSync(program, { force: true }));

  it(
    'no damaged disk makes a reader fail in any other way than by refusing it',
    async () => {
      const fixtures = path.resolve(ROOT, '../shared/fixtures/vmdk-real');
      const { code, output } = await run([
        program,
        '--seconds',
        String(SECONDS),
        '--seed',
        SEED,
        '--fixtures',
        fixtures,
      ]);
      // Shown on success too: how many mutants there were is what makes the run worth anything.
      process.stdout.write(output);
      if (code !== 0)
        throw new Error(`exit code ${code}; replay with VM_MIGRATE_FUZZ_SEED=${SEED}\n${output}`);
      const mutants = Number(/fuzz: (\d+) mutants/.exec(output)?.[1]);
      expect(mutants).toBeGreaterThan(100);
    },
    (SECONDS + 60) * 1000,
  );
});

function run(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', code => resolve({ code, output }));
  });
}
