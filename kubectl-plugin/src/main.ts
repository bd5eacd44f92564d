/** The program's entry: keeps compiled code between runs, then loads everything else. */
import { createRequire, enableCompileCache } from 'node:module';

enableCompileCache();
// A bundle of its own: what is compiled before the cache is on is not kept.
const { runCli } = createRequire(__filename)('./cli.cjs') as typeof import('./cli');
void runCli({ argv: process.argv.slice(2), program: __filename }).then(code => {
  process.exitCode = code;
  // What is still open (a pool that lingers, a pipe) must not keep a finished command alive.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
});
