/** bundle: one file with what is needed to look into a migration elsewhere, without its data. */
import { writeFile } from 'node:fs/promises';
import { makeBundle } from '../make-bundle';
import { EXIT } from '../exit-codes';
import { printable } from '../output/escape';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const bundle = defineVerb({
  name: 'bundle',
  group: 'run',
  onThisMachine: 'it takes the plan out of the database',
  summary: 'write a file with plan, tree, events and versions, to look at elsewhere',
  details: [
    'Holds no content of disks and no password. With --redact names (of sources, targets and storage classes',
    'too), descriptions and paths are replaced by hashes, the same ones everywhere in the file.',
  ],
  positionals: {
    vm: {
      shown: 'VM|MIGRATION',
      describe: 'A VM, or the id of a migration',
      need: 'required',
      names: ['vm', 'migration'],
    },
  },
  options: {
    redact: { type: 'boolean', default: false, describe: 'Hash names, descriptions and paths' },
    out: {
      type: 'string',
      describe: 'File to write; without it vm-migrate-NAME.json, and - is stdout',
    },
  },
  examples: [
    { command: 'bundle lab/web-1 --redact --out web-1.json', why: 'to attach to a bug report' },
    { command: 'plan --bundle web-1.json', why: 'the same plan, on any machine' },
  ],
  operations: ['getTree', 'describe', 'getEvents', 'plan'],

  async run({ vm, redact, out }, session) {
    const made = await makeBundle(
      await session.engine(),
      vm,
      redact ? 'redacted' : 'as it is',
      await session.config(),
    );
    const text = `${JSON.stringify(made, undefined, 1)}\n`;
    if (out === '-') {
      session.terminal.print(text);
      return EXIT.done;
    }
    const file =
      out ?? `vm-migrate-${made.description?.migration.id ?? made.plan.digest.slice(0, 12)}.json`;
    await writeFile(file, text, { mode: 0o600 });
    session.terminal.print(
      `Wrote ${printable(file)}. Look at it anywhere: ${PROGRAM} plan --bundle ${printable(file)}`,
    );
    return EXIT.done;
  },
});
