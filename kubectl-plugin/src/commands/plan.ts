/** plan: what a migration would do, cost and lose. */
import type { Plan } from '@vm-migrate/engine';
import { readBundle } from '../bundle-file';
import { EXIT } from '../exit-codes';
import { MIGRATION_OPTIONS, migrationOptions, optionWords, type MigrationArguments } from '../migration-options';
import { vmOf } from '../migration-reference';
import { shellWord } from '../output/escape';
import { planText } from '../output/plan-text';
import { isForPeople, printAnswer } from '../print';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const plan = defineVerb({
  name: 'plan',
  group: 'do',
  summary: 'what a migration would do, cost and lose; nothing is written',
  details: ['Reads the VM and the target. -o json gives the plan itself, for `start --plan FILE`.'],
  positionals: { vm: { shown: 'VM', describe: 'SOURCE/NAME, NAME where it is unique, or a path', need: 'optional' } },
  options: {
    ...MIGRATION_OPTIONS,
    bundle: { type: 'string', describe: 'Show the plan in a file of `bundle` instead; needs neither VM nor database' },
  },
  examples: [
    { command: 'plan lab/web-1', why: 'everything, with the default target' },
    { command: 'plan web-1 --keep newest=3 --leave-out scsi0:1', why: 'three snapshots, without the second disk' },
    { command: 'plan web-1 -o json > web-1.json', why: 'to agree on, then: start --plan web-1.json' },
  ],
  operations: ['plan'],

  async run(args, session) {
    if (args.bundle !== undefined) {
      const { plan: kept } = await readBundle(args.bundle);
      await showPlan(session, kept);
      return EXIT.done;
    }
    if (args.vm === undefined) throw new UsageError('plan needs VM', `See: ${PROGRAM} plan --help`);
    const engine = await session.engine();
    const built = await engine.call('plan', { vm: await vmOf(engine, args.vm), options: migrationOptions(args) });
    await showPlan(session, built);
    if (isForPeople(session.terminal)) session.terminal.print(['', 'Start exactly this plan with:', `  ${startCommand(args.vm, args, built)}`]);
    return EXIT.done;
  },
});

async function showPlan({ terminal }: Session, built: Plan): Promise<void> {
  await printAnswer(terminal, {
    data: built,
    names: () => [`plan/${built.digest}`],
    text: () => planText(built, terminal.style),
  });
}

/** With everything that was chosen, and each finding that must be accepted. */
export function startCommand(vm: string, args: MigrationArguments, { digest, findings }: Plan): string {
  const accepts = findings.filter(({ severity, acceptable }) => severity === 'blocks' && acceptable).flatMap(({ id }) => ['--accept', shellWord(id)]);
  return [PROGRAM, 'start', shellWord(vm), ...optionWords(args), ...accepts, '--plan', digest.slice(0, 12)].join(' ');
}
