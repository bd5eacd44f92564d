/** recover: rebuild the records of a VM from what stands on the target, after the database was lost. */
import { EXIT } from '../exit-codes';
import { MIGRATION_OPTIONS, migrationOptions } from '../migration-options';
import { vmOf } from '../migration-reference';
import { printable } from '../output/escape';
import { count } from '../output/format';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const recover = defineVerb({
  name: 'recover',
  group: 'run',
  summary: 'rebuild the records of a VM from what stands on the target',
  details: [
    'For a database that was lost or is older than the target. Give the options that the migration was started',
    'with. What fits the plan is adopted, the rest is copied again.',
  ],
  positionals: {
    vm: {
      shown: 'VM',
      describe: 'SOURCE/NAME, NAME where it is unique, or a path',
      need: 'required',
      names: ['vm'],
    },
  },
  options: {
    ...MIGRATION_OPTIONS,
    accept: {
      type: 'string',
      array: true,
      describe: 'Finding that is accepted, by id (repeatable)',
      names: ['finding'],
    },
    'take-over': {
      type: 'boolean',
      default: false,
      describe: 'This empty database takes the place of the lost one',
    },
  },
  examples: [{ command: 'recover lab/web-1 --take-over', why: 'into a new, empty database' }],
  operations: ['recover'],

  async run(args, session) {
    const engine = await session.engine();
    const view = await engine.call('recover', {
      vm: await vmOf(engine, args.vm),
      options: migrationOptions(args),
      accept: (args.accept ?? []).map(String),
      takeOver: args.takeOver,
    });
    await printAnswer(session.terminal, {
      data: { kind: 'Recovered', ...view },
      names: () => [`migration/${view.migration}`],
      text: () => [
        `Recovered ${view.migration}: ${count(view.adopted, 'VolumeSnapshot')} adopted, ${count(view.again, 'layer')} to copy.`,
        ...(view.unready.length === 0
          ? []
          : [
              `Not ready yet, their steps wait for them: ${view.unready.map(printable).join(', ')}.`,
            ]),
        view.again > 0
          ? `Watch it: ${PROGRAM} status ${view.migration} --watch`
          : `See: ${PROGRAM} tree ${view.migration}`,
      ],
    });
    return EXIT.done;
  },
});
