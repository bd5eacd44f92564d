/** cancel: give a migration up, saying what becomes of its objects on the target. */
import { confirm } from '../confirm';
import { EXIT } from '../exit-codes';
import { findMigration } from '../migration-reference';
import { printable } from '../output/escape';
import { printAnswer } from '../print';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';

const CHOICES = {
  'keep-all': 'its volumes and VolumeSnapshots stay',
  'keep-snapshots': 'its VolumeSnapshots stay, its volumes are removed',
  'remove-all': 'its volumes and VolumeSnapshots are removed',
} as const;

export const cancel = defineVerb({
  name: 'cancel',
  group: 'do',
  summary: 'give a migration up; you say what happens to its objects on the target',
  positionals: {
    migration: {
      shown: 'MIGRATION',
      describe: 'Id of a migration, or a VM (its newest migration)',
      need: 'required',
      names: ['migration'],
    },
  },
  options: {
    'keep-all': { type: 'boolean', default: false, describe: 'Volumes and VolumeSnapshots stay' },
    'keep-snapshots': {
      type: 'boolean',
      default: false,
      describe: 'VolumeSnapshots stay, volumes are removed',
    },
    'remove-all': {
      type: 'boolean',
      default: false,
      describe: 'Volumes and VolumeSnapshots are removed',
    },
    yes: { alias: 'y', type: 'boolean', default: false, describe: 'Do not ask' },
  },
  examples: [
    { command: 'cancel lab/web-1 --remove-all --yes', why: 'give it up and leave nothing' },
  ],
  operations: ['cancel'],

  async run(args, session) {
    const objects = chosen(args);
    const engine = await session.engine();
    const { id, source, vm } = await findMigration(engine, args.migration);
    const name = `migration ${id} of ${printable(source)}/${printable(vm)}`;
    if (!args.yes && !(await confirm(`Cancel ${name}; ${CHOICES[objects]}?`))) {
      session.terminal.say('Nothing was done.');
      return EXIT.failed;
    }
    const view = await engine.call('cancel', { migration: id, objects });
    await printAnswer(session.terminal, {
      data: { kind: 'Migration', ...view },
      names: () => [`migration/${id}`],
      text: () => `${name} is ${view.state}; ${CHOICES[objects]}.`,
    });
    return EXIT.done;
  },
});

function chosen(args: {
  readonly keepAll: boolean;
  readonly keepSnapshots: boolean;
  readonly removeAll: boolean;
}): keyof typeof CHOICES {
  const said = [
    args.keepAll && 'keep-all',
    args.keepSnapshots && 'keep-snapshots',
    args.removeAll && 'remove-all',
  ].filter(choice => choice !== false);
  const [only] = said;
  if (only === undefined || said.length > 1) {
    throw new UsageError(
      'cancel needs exactly one of --keep-all, --keep-snapshots, --remove-all',
      'It says what happens to what is on the target already.',
    );
  }
  return only as keyof typeof CHOICES;
}
