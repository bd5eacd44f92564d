/** cleanup: list, and with --remove remove, objects on targets that no migration needs; forget old records. */
import type { CleanupView } from '@vm-migrate/api';
import { confirm } from '../confirm';
import { EXIT } from '../exit-codes';
import { ageMs } from '../migration-options';
import { count } from '../output/format';
import { tableLines, type Column } from '../output/table';
import { isForPeople, printAnswer } from '../print';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

type Orphan = CleanupView['orphans'][number];

const COLUMNS: readonly Column<Orphan>[] = [
  { heading: 'KIND', of: ({ kind }) => kind },
  { heading: 'NAME', of: ({ name }) => name },
  { heading: 'STATE', of: ({ removed }) => (removed ? 'removed' : 'there') },
  { heading: 'WHY', of: ({ why }) => why, shortens: true },
];

export const cleanup = defineVerb({
  name: 'cleanup',
  group: 'run',
  summary: 'list, with --remove also remove, objects on targets that no migration needs',
  details: ['Objects of another store are counted and never touched.'],
  positionals: {},
  options: {
    target: { type: 'string', describe: 'Only this target', names: ['target'] },
    remove: { type: 'boolean', default: false, describe: 'Remove what is listed' },
    'records-older-than': {
      type: 'string',
      describe:
        'Forget the records of migrations that ended so long ago, as 90d (with --remove); their volumes and VolumeSnapshots stay',
    },
    yes: { alias: 'y', type: 'boolean', default: false, describe: 'Do not ask' },
  },
  examples: [
    { command: 'cleanup', why: 'only look' },
    { command: 'cleanup --remove', why: 'remove what it listed, after asking' },
  ],
  operations: ['cleanup'],

  async run(args, session) {
    const engine = await session.engine();
    const recordsOlderThanMs =
      args.recordsOlderThan === undefined ? undefined : ageMs(args.recordsOlderThan);
    if (recordsOlderThanMs !== undefined && !args.remove)
      throw new UsageError(
        '--records-older-than goes with --remove',
        `See: ${PROGRAM} cleanup --help`,
      );
    const where = args.target === undefined ? {} : { target: args.target };
    const listed = await engine.call('cleanup', where);
    if (!args.remove) {
      await show(session, listed);
      if (listed.orphans.length > 0 && isForPeople(session.terminal))
        session.terminal.say(`Remove them with: ${PROGRAM} cleanup --remove`);
      return EXIT.done;
    }
    if (listed.orphans.length === 0 && recordsOlderThanMs === undefined) {
      await show(session, listed);
      return EXIT.done;
    }
    if (!args.yes) {
      session.terminal.say(tableLines(COLUMNS, listed.orphans, session.terminal.errorStyle));
      if (
        !(await confirm(
          `Remove ${count(listed.orphans.length, 'object')}${recordsOlderThanMs === undefined ? '' : ' and old records'} for good?`,
        ))
      ) {
        session.terminal.say('Nothing was removed.');
        return EXIT.failed;
      }
    }
    await show(
      session,
      await engine.call('cleanup', {
        ...where,
        remove: true,
        ...(recordsOlderThanMs === undefined ? {} : { recordsOlderThanMs }),
      }),
    );
    return EXIT.done;
  },
});

async function show({ terminal }: Session, view: CleanupView): Promise<void> {
  await printAnswer(terminal, {
    data: { kind: 'Cleanup', ...view },
    names: () => view.orphans.map(({ kind, name }) => `${kind}/${name}`),
    text: () => [
      ...(view.orphans.length === 0
        ? ['Nothing on the targets is without a migration that needs it.']
        : tableLines(COLUMNS, view.orphans, terminal.style, { headings: terminal.headings })),
      ...(view.foreign > 0
        ? [
            `${count(view.foreign, 'object')} of other stores, or of migrations that are not on record, not touched.`,
          ]
        : []),
      ...(view.recordsRemoved > 0
        ? [`${count(view.recordsRemoved, 'record')} of old migrations forgotten.`]
        : []),
    ],
  });
}
