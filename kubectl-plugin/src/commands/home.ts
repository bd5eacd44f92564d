/** Without a verb: where this program is, what runs, and the next two commands. */
import { EXIT } from '../exit-codes';
import { whereText } from '../output/where-text';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';

const WORTH_A_LOOK = ['running', 'paused', 'failed'] as const;

export const home = defineVerb({
  name: '',
  group: 'hidden',
  summary: 'where this program is, and what runs',
  positionals: {},
  options: {},
  examples: [],
  operations: ['getPlace', 'getMigrations'],

  async run(_args, session) {
    const { terminal } = session;
    const engine = await session.engine();
    const place = await engine.call('getPlace', {});
    const migrations = await engine.call('getMigrations', { states: [...WORTH_A_LOOK] });
    await printAnswer(terminal, {
      data: { kind: 'Place', ...place, open: migrations },
      names: () => migrations.map(({ id }) => `migration/${id}`),
      text: () => whereText(place, migrations, terminal.style),
    });
    return EXIT.done;
  },
});
