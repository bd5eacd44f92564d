/** start: accept a plan, or many, and follow what comes of it. */
import { readFile } from 'node:fs/promises';
import type { MigrationOptions, OperationInput, StartedView } from '@vm-migrate/api';
import type { Engine, Plan } from '@vm-migrate/engine';
import { loadEngine } from '../engine-library';
import { DRY_RUN_OPTION, dryRunOf, printDryRun } from '../dry-run';
import { EXIT, exitOfAll, type ExitCode } from '../exit-codes';
import { exitOfMigrations, follow, isOver } from '../follow';
import {
  MIGRATION_OPTIONS,
  migrationOptions,
  optionsOfPlan,
  type MigrationArguments,
} from '../migration-options';
import { vmOf } from '../migration-reference';
import { requestsOfFile } from '../migrations-file';
import { printable, shellWord } from '../output/escape';
import { isForPeople, listOf, printAnswer } from '../print';
import { reportFailure } from '../report-failure';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const start = defineVerb({
  name: 'start',
  group: 'do',
  summary: 'migrate: accept a plan and follow it; Ctrl-C detaches, the work goes on',
  positionals: {
    vms: {
      shown: 'VM',
      describe: 'SOURCE/NAME, NAME where it is unique, or a path',
      need: 'any',
      names: ['vm'],
    },
  },
  options: {
    ...MIGRATION_OPTIONS,
    ...DRY_RUN_OPTION,
    plan: {
      type: 'string',
      describe: 'Start only if the plan is still this one: FILE (of plan -o json) or its digest',
    },
    accept: {
      type: 'string',
      array: true,
      describe: 'Finding that is accepted, by id (repeatable)',
      names: ['finding'],
    },
    file: { alias: 'f', type: 'string', describe: 'migrations.yaml: many VMs at once' },
    detach: {
      alias: 'd',
      type: 'boolean',
      default: false,
      describe: 'Return as soon as it is started',
    },
    paused: {
      type: 'boolean',
      default: false,
      describe: 'Accept the plan and write nothing until `resume`',
    },
    at: {
      type: 'string',
      describe:
        'Accept the plan and begin then: 2026-12-01T22:00 (your clock) or 2026-12-01T22:00Z',
    },
  },
  examples: [
    { command: 'start lab/web-1', why: 'plan, start and follow' },
    {
      command: 'start --plan web-1.json --detach',
      why: 'exactly the plan in the file, without following',
    },
    { command: 'start -f migrations.yaml', why: 'many VMs' },
    { command: 'start lab/web-1 --at 2026-12-01T22:00', why: 'tonight; `resume` begins it before' },
  ],
  operations: ['start'],

  async run(args, session) {
    const begin = beginOf(args);
    const requests = await requestsOf(args);
    const engine = await session.engine();
    const dryRun = dryRunOf(args.dryRun);
    if (dryRun !== undefined)
      return printDryRun(session, engine, await plansOf(engine, requests), dryRun);
    const group = requests.length > 1 ? newGroupId() : undefined;
    const started: StartedView[] = [];
    const codes: ExitCode[] = [];
    for (const request of requests) {
      try {
        started.push(await startOne(engine, request, { group, begin }));
        codes.push(EXIT.done);
      } catch (error) {
        codes.push(await reportFailure(error, session.terminal));
      }
    }
    await announce(started, begin, session);
    const first = exitOfAll(codes);
    if (started.length === 0) return first;
    const open = started.filter(
      ({ outcome, state }) => outcome === 'started' || !isOver({ state }),
    );
    // What stands still has nothing to follow, and needs no worker yet.
    if (begin !== undefined) return exitOfAll(codes);
    if (args.detach || open.length === 0) {
      if (args.detach) await warnWithoutWorker(engine, session);
      return exitOfAll([
        ...codes,
        ...started.map(({ state }) =>
          state === 'failed' && !args.detach ? EXIT.failed : EXIT.done,
        ),
      ]);
    }
    await warnWithoutWorker(engine, session);
    return followStarted(session, open, group, first);
  },
});

interface Request {
  readonly vm: string;
  readonly options: MigrationOptions;
  readonly accept: readonly string[];
  readonly agreed?: { readonly digest: string } | { readonly plan: Plan };
}

interface StartArguments extends MigrationArguments {
  readonly vms: readonly string[];
  readonly plan?: string | undefined;
  readonly accept?: readonly (string | number)[] | undefined;
  readonly file?: string | undefined;
  readonly paused: boolean;
  readonly at?: string | undefined;
}

const SEE_HELP = `See: ${PROGRAM} start --help`;

type Begin = Pick<OperationInput<'start'>, 'begin' | 'beginAt'>;

/** `undefined`: now. @throws UsageError for what is no time, or one that has passed */
function beginOf({ paused, at }: Pick<StartArguments, 'paused' | 'at'>): Begin | undefined {
  if (at === undefined) return paused ? { begin: 'when-resumed' } : undefined;
  if (paused) throw new UsageError('--at goes without --paused', SEE_HELP);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(at) ? Date.parse(at) : NaN;
  if (Number.isNaN(time))
    throw new UsageError(`--at ${printable(at)} is no time like 2026-12-01T22:00`, SEE_HELP);
  if (time <= Date.now()) throw new UsageError(`--at ${printable(at)} has passed`, SEE_HELP);
  return { beginAt: new Date(time).toISOString() };
}

async function requestsOf(args: StartArguments): Promise<Request[]> {
  const accept = (args.accept ?? []).map(String);
  if (args.file !== undefined) {
    if (args.vms.length > 0 || args.plan !== undefined)
      throw new UsageError('-f goes with neither VM nor --plan', SEE_HELP);
    const requests = await requestsOfFile(args.file);
    return requests.map(request => ({ ...request, accept: [...request.accept, ...accept] }));
  }
  if (args.plan !== undefined && !/^[0-9a-f]{8,64}$/.test(args.plan)) {
    const { parsePlan } = await loadEngine();
    const plan = parsePlan(await readText(args.plan), args.plan);
    if (args.vms.length > 1) throw new UsageError('--plan is the plan of one VM', SEE_HELP);
    return [
      {
        vm: args.vms[0] ?? `${plan.vm.source}/${plan.vm.id}`,
        options: optionsOfPlan(plan),
        accept,
        agreed: { plan },
      },
    ];
  }
  const [only] = args.vms;
  if (only === undefined) throw new UsageError('start needs VM, --plan FILE or -f FILE', SEE_HELP);
  if (args.plan !== undefined) {
    if (args.vms.length > 1) throw new UsageError('--plan is the plan of one VM', SEE_HELP);
    return [{ vm: only, options: migrationOptions(args), accept, agreed: { digest: args.plan } }];
  }
  return args.vms.map(vm => ({ vm, options: migrationOptions(args), accept }));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--plan ${printable(file)} is neither a digest nor a file that can be read: ${error instanceof Error ? error.message : String(error)}`,
      'A digest has at least 8 of its 64 hex digits.',
    );
  }
}

/** What would be started, as far as it is agreed on. */
async function plansOf(engine: Engine, requests: readonly Request[]): Promise<Plan[]> {
  const plans: Plan[] = [];
  for (const { vm: reference, options, agreed } of requests) {
    const vm = await vmOf(engine, reference);
    if (agreed !== undefined) await assertAgreed(engine, vm, options, agreed);
    plans.push(await engine.call('plan', { vm, options }));
  }
  return plans;
}

async function startOne(
  engine: Engine,
  { vm: reference, options, accept, agreed }: Request,
  { group, begin }: { readonly group: string | undefined; readonly begin: Begin | undefined },
): Promise<StartedView> {
  const vm = await vmOf(engine, reference);
  const planDigest =
    agreed === undefined ? undefined : await assertAgreed(engine, vm, options, agreed);
  return engine.call('start', {
    vm,
    options,
    accept: [...accept],
    ...(planDigest === undefined ? {} : { planDigest }),
    ...(group === undefined ? {} : { groupId: group }),
    ...begin,
  });
}

/** The digest of the present plan, which is the agreed one. @throws EngineError PLAN_CHANGED with what changed */
async function assertAgreed(
  engine: Engine,
  vm: string,
  options: MigrationOptions,
  agreed: NonNullable<Request['agreed']>,
): Promise<string> {
  const now = await engine.call('plan', { vm, options });
  const digest = 'plan' in agreed ? agreed.plan.digest : agreed.digest;
  if (now.digest.startsWith(digest)) return now.digest;
  const { EngineError, planDifference } = await loadEngine();
  throw new EngineError('PLAN_CHANGED', {
    where: { object: now.vm.name },
    expected: `plan ${digest}`,
    found:
      'plan' in agreed
        ? planDifference(agreed.plan, now).join('; ')
        : `plan ${now.digest.slice(0, 12)}`,
    hint: `See the present plan, then start that one: ${PROGRAM} plan ${shellWord(vm)}`,
  });
}

async function announce(
  started: readonly StartedView[],
  begin: Begin | undefined,
  { terminal }: Session,
): Promise<void> {
  if (started.length === 0) return;
  await printAnswer(terminal, {
    data: started.length === 1 ? { kind: 'Started', ...started[0] } : listOf(started),
    names: () => started.map(({ migration }) => `migration/${migration}`),
    text: () => started.map(one => startedWords(one, begin?.beginAt)),
  });
}

function startedWords(
  { migration, vm, outcome, state }: StartedView,
  beginsAt: string | undefined,
): string {
  const name = printable(vm);
  if (outcome === 'started' && state === 'paused')
    return beginsAt === undefined
      ? `Accepted ${migration} (${name}); it is paused. Begin with: ${PROGRAM} resume ${migration}`
      : `Accepted ${migration} (${name}); it begins at ${beginsAt}. Before: ${PROGRAM} resume ${migration}`;
  if (outcome === 'started') return `Started ${migration} (${name}).`;
  const next =
    state === 'migrated'
      ? `See: ${PROGRAM} tree ${migration}`
      : state === 'failed'
        ? `See: ${PROGRAM} describe ${migration}`
        : `Watch it: ${PROGRAM} status ${migration} --watch`;
  return `${name}: this very plan is ${state === 'running' ? 'under way' : state} already as ${migration}; nothing was started. ${next}`;
}

async function followStarted(
  session: Session,
  open: readonly StartedView[],
  group: string | undefined,
  first: ExitCode,
): Promise<ExitCode> {
  const [one] = open;
  const whole = group !== undefined && open.every(({ outcome }) => outcome === 'started');
  const filter = whole ? { group } : { migration: one?.migration ?? '' };
  const { how, views } = await follow(session, { filter, until: isOver });
  const name = whole ? group : (one?.migration ?? '');
  if (how === 'stopped') {
    session.terminal.say([
      '',
      `Detached; the work goes on. Come back with: ${PROGRAM} status ${name} --watch`,
      `Stop the work itself with: ${PROGRAM} pause ${one?.migration ?? name}`,
    ]);
    return session.signals.exitCode() ?? EXIT.interrupted;
  }
  const code = exitOfAll([first, exitOfMigrations(views)]);
  if (isForPeople(session.terminal))
    session.terminal.print(nextWords(views.map(({ id, state }) => ({ id, state }))));
  return code;
}

function nextWords(views: readonly { readonly id: string; readonly state: string }[]): string[] {
  const failed = views.find(({ state }) => state === 'failed');
  if (failed !== undefined)
    return ['', `What failed, and what to do: ${PROGRAM} describe ${failed.id}`];
  const [first] = views;
  return first === undefined
    ? []
    : [
        '',
        `The history beside its VolumeSnapshots: ${PROGRAM} tree ${first.id}`,
        `Prove every one through a restore:     ${PROGRAM} verify ${first.id} --full`,
      ];
}

async function warnWithoutWorker(engine: Engine, { terminal }: Session): Promise<void> {
  const { workers, database } = await engine.call('getPlace', {});
  if (workers === 0) terminal.say(`No worker is on ${database}. Start one: ${PROGRAM} worker`);
}

function newGroupId(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `g-${[...bytes].map(byte => letters[byte % letters.length]).join('')}`;
}
