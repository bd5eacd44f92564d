/** status: how far migrations are, disk by disk; once, or until they are over. */
import { EXIT } from '../exit-codes';
import { exitOfMigrations, follow, isOver } from '../follow';
import { filterOf } from '../migration-reference';
import { statusText } from '../output/status-text';
import { isForPeople, listOf, printAnswer } from '../print';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

const OPEN = ['running', 'paused', 'failed'] as const;

export const status = defineVerb({
  name: 'status',
  group: 'look',
  summary: 'how far migrations are, disk by disk; --watch follows',
  details: [
    'Without an argument: what runs, is paused or failed. With --watch: until all are over, or Ctrl-C.',
  ],
  positionals: {
    migration: {
      shown: 'VM|MIGRATION',
      describe: 'A VM (its newest migration), the id of a migration or of a group',
      need: 'optional',
      names: ['migration', 'group'],
    },
  },
  options: {
    watch: { alias: 'w', type: 'boolean', default: false, describe: 'Follow until all are over' },
  },
  examples: [
    { command: 'status', why: 'all that is open' },
    { command: 'status lab/web-1 --watch', why: 'one, until it is over' },
  ],
  operations: ['getStatus'],

  async run({ migration, watch }, session) {
    const { terminal } = session;
    const engine = await session.engine();
    const filter =
      migration === undefined ? { states: [...OPEN] } : await filterOf(engine, migration);
    const views = await engine.call('getStatus', filter);
    if (watch && isForPeople(terminal) && views.length > 0) {
      const end = await follow(session, { filter, until: isOver });
      return end.how === 'stopped'
        ? (session.signals.exitCode() ?? EXIT.interrupted)
        : exitOfMigrations(end.views);
    }
    if (views.length === 0 && isForPeople(terminal)) {
      terminal.say(
        `Nothing is running, paused or failed. All migrations: ${PROGRAM} get migrations`,
      );
      return EXIT.done;
    }
    await printAnswer(terminal, {
      data: listOf(views),
      names: () => views.map(({ id }) => `migration/${id}`),
      text: () => statusText(views, terminal.style),
    });
    return EXIT.done;
  },
});
