/** plan: what a migration would do, cost and lose. */
import type { Plan } from '@vm-migrate/engine';
import { readBundle } from '../bundle-file';
import { clusterWords } from '../cluster-flags';
import { DRY_RUN_OPTION, dryRunOf, printDryRun } from '../dry-run';
import { EXIT } from '../exit-codes';
import { MIGRATION_OPTIONS, migrationOptions, optionWords } from '../migration-options';
import { vmOf } from '../migration-reference';
import { shellWord } from '../output/escape';
import { planText, type PlanTextOptions } from '../output/plan-text';
import { printAnswer } from '../print';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const plan = defineVerb({
  name: 'plan',
  group: 'do',
  summary: 'what a migration would do, cost and lose; nothing is written',
  details: ['Reads the VM and the target. -o json gives the plan itself, for `start --plan FILE`.'],
  positionals: {
    vm: {
      shown: 'VM',
      describe: 'SOURCE/NAME, NAME where it is unique, or a path',
      need: 'optional',
      names: ['vm'],
    },
  },
  options: {
    ...MIGRATION_OPTIONS,
    ...DRY_RUN_OPTION,
    bundle: {
      type: 'string',
      describe: 'Show the plan in a file of `bundle` instead; needs neither VM nor database',
    },
  },
  examples: [
    { command: 'plan lab/web-1', why: 'everything, with the default target' },
    {
      command: 'plan web-1 --keep newest=3 --leave-out scsi0:1',
      why: 'three snapshots, without the second disk',
    },
    {
      command: 'plan web-1 -o json > web-1.json',
      why: 'to agree on, then: start --plan web-1.json',
    },
    {
      command: 'plan web-1 --dry-run=server -o yaml',
      why: 'the objects, and what the cluster says to them',
    },
  ],
  operations: ['plan'],

  async run(args, session) {
    if (args.bundle !== undefined) {
      const { plan: kept } = await readBundle(args.bundle);
      await showPlan(session, kept, { ending: 'none' });
      return EXIT.done;
    }
    if (args.vm === undefined) throw new UsageError('plan needs VM', `See: ${PROGRAM} plan --help`);
    const engine = await session.engine();
    const built = await engine.call('plan', {
      vm: await vmOf(engine, args.vm),
      options: migrationOptions(args),
    });
    const dryRun = dryRunOf(args.dryRun);
    if (dryRun !== undefined) return printDryRun(session, engine, [built], dryRun);
    await showPlan(session, built, {
      startWords: [shellWord(args.vm), ...optionWords(args), ...clusterWords(session.globals)].join(
        ' ',
      ),
    });
    return EXIT.done;
  },
});

async function showPlan(
  { terminal }: Session,
  built: Plan,
  options: PlanTextOptions,
): Promise<void> {
  await printAnswer(terminal, {
    data: built,
    names: () => [`plan/${built.digest}`],
    text: () => planText(built, terminal.style, options),
  });
}
