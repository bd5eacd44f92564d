/** version: of this program and what it runs on; never loads the engine. */
import { EXIT } from '../exit-codes';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';
import { VERSION } from '../version';

export const version = defineVerb({
  name: 'version',
  group: 'run',
  summary: 'the version of this program',
  positionals: {},
  options: {},
  examples: [],
  operations: [],

  async run(_args, { terminal }) {
    const facts = {
      version: VERSION,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
    await printAnswer(terminal, {
      data: facts,
      names: () => [facts.version],
      text: () => `vm-migrate ${facts.version} (Node ${facts.node}, ${facts.platform})`,
    });
    return EXIT.done;
  },
});
