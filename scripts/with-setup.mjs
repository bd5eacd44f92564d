// node scripts/with-setup.mjs [--no-build] COMMAND [ARG...]: sets up, then runs the command with the
// set-up's Node. A command that ends in .mjs or .cjs is a script of ours.
import { orExplain, runInstead, setUp, setUpNode } from './setup.mjs';

const args = process.argv.slice(2);
const build = args[0] !== '--no-build';
if (!build) args.shift();
const [command, ...rest] = args;
if (!command) {
  process.stderr.write('usage: node scripts/with-setup.mjs [--no-build] COMMAND [ARG...]\n');
  process.exit(2);
}
orExplain(() => setUp({ build }));
if (/\.[mc]js$/.test(command)) runInstead(setUpNode(), [command, ...rest]);
else runInstead(command, rest);
