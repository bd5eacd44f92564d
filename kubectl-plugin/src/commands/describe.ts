/** describe: everything about one migration: facts, events, why it waits, what to do next. */
import { EXIT } from '../exit-codes';
import { findMigration } from '../migration-reference';
import { describeText } from '../output/describe-text';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';

export const describe = defineVerb({
  name: 'describe',
  group: 'look',
  summary: 'facts, events, why it waits and the next command, of one migration',
  positionals: {
    migration: {
      shown: 'VM|MIGRATION',
      describe: 'A VM (its newest migration), or the id of a migration',
      need: 'required',
      names: ['migration'],
    },
  },
  options: {},
  examples: [{ command: 'describe lab/web-1', why: 'when something stands still or failed' }],
  operations: ['describe'],

  async run({ migration }, session) {
    const engine = await session.engine();
    const { id } = await findMigration(engine, migration);
    const view = await engine.call('describe', { migration: id });
    await printAnswer(session.terminal, {
      data: { kind: 'Description', ...view },
      names: () => [`migration/${id}`],
      text: () => describeText(view, session.terminal.style),
    });
    return EXIT.done;
  },
});
