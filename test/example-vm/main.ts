/** Writes the example VM into a folder, for `npm run demo`: a program of its own, because the product holds no test code. */
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';

const [folder, diskBytes] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node example-vm.cjs FOLDER [DISK-BYTES]\n');
  process.exit(2);
}
const { vmx, displayName } = writeExampleVm(
  folder,
  diskBytes === undefined ? {} : { diskBytes: Number(diskBytes) },
);
process.stdout.write(`${JSON.stringify({ vmx, displayName })}\n`);
