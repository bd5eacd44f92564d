/** cancel: give a migration up, saying what becomes of its objects on the target, each by name. */
import { fateOf, type CancelChoice, type ObjectView } from '@vm-migrate/api';
import { confirm } from '../confirm';
import { EXIT } from '../exit-codes';
import { findMigration } from '../migration-reference';
import { printable } from '../output/escape';
import { FATES, OBJECT_KINDS, objectCount, objectPurpose } from '../output/object-words';
import type { Style } from '../output/style';
import { tableLines } from '../output/table';
import { printAnswer } from '../print';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';

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
  operations: ['cancel', 'getObjects'],

  async run(args, session) {
    const choice = chosen(args);
    const { terminal } = session;
    const engine = await session.engine();
    const { id, source, vm } = await findMigration(engine, args.migration);
    const name = `migration ${id} of ${printable(source)}/${printable(vm)}`;
    if (!args.yes) {
      const objects = await engine.call('getObjects', { migration: id });
      terminal.say([
        `To cancel ${name} means: ${sumOf(objects, choice, WILL_BE)}.`,
        ...objectLines(objects, choice, terminal.errorStyle),
      ]);
      if (!(await confirm(`Cancel it?`, WHAT_IT_DOES[choice]))) {
        terminal.say('Nothing was done.');
        return EXIT.failed;
      }
    }
    const view = await engine.call('cancel', { migration: id, objects: choice });
    const objects = await engine.call('getObjects', { migration: id });
    await printAnswer(terminal, {
      data: { kind: 'Migration', ...view, objects },
      names: () => [`migration/${id}`],
      text: () => [
        `${name} is ${view.state}; ${sumOf(objects, choice, IS)}.`,
        ...objectLines(objects, choice, terminal.style),
      ],
    });
    return EXIT.done;
  },
});

/** After "this". */
const WHAT_IT_DOES: Readonly<Record<CancelChoice, string>> = {
  'keep-all': 'gives the migration up, which cannot be resumed then',
  'keep-snapshots': 'removes volumes for good',
  'remove-all': 'removes volumes and VolumeSnapshots for good',
};

const WILL_BE = { removed: 'will be removed', kept: 'stay' } as const;
const IS = { removed: 'removed', kept: 'kept' } as const;

/** What there is no more was removed, by this cancel or before it. */
function becomes(object: ObjectView, choice: CancelChoice): keyof typeof FATES {
  return object.state === 'removed' ? 'removed' : fateOf(object, choice);
}

function sumOf(
  objects: readonly ObjectView[],
  choice: CancelChoice,
  words: Readonly<Record<'removed' | 'kept', string>>,
): string {
  const parts = (['removed', 'kept'] as const).flatMap(fate => {
    const counted = objectCount(objects.filter(object => becomes(object, choice) === fate));
    return counted === undefined ? [] : [`${counted} ${words[fate]}`];
  });
  return parts.length === 0 ? 'nothing of it is on the target' : parts.join(', ');
}

/** Those that are, or were, on the target. */
function objectLines(objects: readonly ObjectView[], choice: CancelChoice, style: Style): string[] {
  const shown = objects.filter(object => becomes(object, choice) !== 'none');
  if (shown.length === 0) return [];
  return tableLines(
    [
      { heading: 'KIND', of: ({ kind }: ObjectView) => OBJECT_KINDS[kind] },
      { heading: 'NAME', of: ({ name }: ObjectView) => name },
      { heading: 'DISK', of: ({ disk }: ObjectView) => disk },
      { heading: 'FOR', of: objectPurpose, shortens: true },
      { heading: 'BECOMES', of: object => FATES[becomes(object, choice)] },
    ],
    shown,
    style,
    { indent: '  ' },
  );
}

function chosen(args: {
  readonly keepAll: boolean;
  readonly keepSnapshots: boolean;
  readonly removeAll: boolean;
}): CancelChoice {
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
  return only as CancelChoice;
}
