/** get: tables of what there is. */
import type { Engine } from '@vm-migrate/engine';
import { EXIT } from '../exit-codes';
import { filterOf, findMigration } from '../migration-reference';
import { listLines, nameLines, type ListName, type ListRows } from '../output/list-tables';
import { isForPeople, listOf, printAnswer } from '../print';
import { selectorOf } from '../selector';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

const KINDS = [
  'sources',
  'targets',
  'vms',
  'migrations',
  'layers',
  'snapshots',
  'objects',
  'workers',
  'queue',
] as const;
type Kind = (typeof KINDS)[number];

const OF_MIGRATIONS: ReadonlySet<string> = new Set([
  'migrations',
  'layers',
  'snapshots',
  'objects',
  'queue',
]);

/** What to do when there is nothing to list. */
const NONE: Readonly<Record<Kind, string>> = {
  sources:
    'No sources are configured. A VM may also be named by the path to its folder; docs/cli.md shows how to configure one.',
  targets: 'No targets. docs/cli.md shows how to configure one.',
  vms: `No VMs. See the sources: ${PROGRAM} get sources`,
  migrations: `No migrations. Begin with: ${PROGRAM} plan VM`,
  layers: `No layers: they belong to migrations. See: ${PROGRAM} get migrations`,
  snapshots: `No snapshots: they belong to migrations. Those at the source: ${PROGRAM} tree VM`,
  objects: `No objects on targets: they belong to migrations. See: ${PROGRAM} get migrations`,
  workers: `No workers. Start one: ${PROGRAM} worker`,
  queue: 'Nothing runs, waits or is to be done.',
};

export const get = defineVerb({
  name: 'get',
  group: 'look',
  summary: `list ${KINDS.join(', ')}`,
  positionals: {
    kind: { shown: 'KIND', describe: 'One of', need: 'required', choices: KINDS },
    of: {
      shown: 'OF',
      describe:
        'vms: a source; migrations, layers, snapshots, objects: a VM, the id of a migration or of a group; queue: a VM or the id of a migration',
      need: 'optional',
      names: before =>
        before[0] === 'vms'
          ? ['source']
          : OF_MIGRATIONS.has(before[0] ?? '')
            ? ['migration', 'group']
            : [],
    },
  },
  options: {},
  examples: [
    { command: 'get vms', why: 'VMs of all sources' },
    { command: 'get targets -o wide', why: 'storage classes, and which are proved' },
    { command: 'get layers lab/web-1 -o wide', why: 'the flag of every base and delta' },
    { command: 'get objects lab/web-1', why: 'its volumes and VolumeSnapshots, by name' },
    { command: 'get queue', why: 'who works on what, and why the next steps wait' },
    { command: 'get migrations -l state=failed -o name', why: 'ids of what failed' },
  ],
  operations: [
    'getSources',
    'getTargets',
    'getVms',
    'getMigrations',
    'getLayers',
    'getSnapshots',
    'getObjects',
    'getWorkers',
    'getQueue',
  ],

  async run({ kind, of }, session) {
    const chosen = KINDS.find(name => name === kind) ?? 'vms';
    const engine = await session.engine();
    await list(session, chosen, await rowsOf(engine, chosen, of));
    return EXIT.done;
  },
});

async function list<Name extends Kind & ListName>(
  session: Session,
  kind: Name,
  all: readonly ListRows[Name][],
): Promise<void> {
  const { terminal, globals } = session;
  const rows = all.filter(selectorOf(globals.selector));
  if (rows.length === 0 && isForPeople(terminal))
    return terminal.say(
      all.length === 0 ? NONE[kind] : `None of ${all.length} fit -l ${globals.selector ?? ''}`,
    );
  await printAnswer(terminal, {
    data: listOf(rows),
    names: () => nameLines(kind, rows),
    text: () =>
      listLines(kind, rows, terminal.style, {
        wide: terminal.format === 'wide',
        headings: terminal.headings,
      }),
  });
}

async function rowsOf<Name extends Kind>(
  engine: Engine,
  kind: Name,
  of: string | undefined,
): Promise<readonly ListRows[Name][]> {
  return (await ROWS[kind](engine, of)) as readonly ListRows[Name][];
}

const ROWS: {
  readonly [Name in Kind]: (
    engine: Engine,
    of: string | undefined,
  ) => Promise<readonly ListRows[Name][]>;
} = {
  sources: (engine, of) => withoutMore(of, 'sources', () => engine.call('getSources', {})),
  targets: (engine, of) => withoutMore(of, 'targets', () => engine.call('getTargets', {})),
  vms: (engine, of) => engine.call('getVms', of === undefined ? {} : { source: of }),
  migrations: async (engine, of) => engine.call('getMigrations', await manyOf(engine, of)),
  layers: async (engine, of) => engine.call('getLayers', await filterOf(engine, of)),
  snapshots: async (engine, of) => engine.call('getSnapshots', await filterOf(engine, of)),
  objects: async (engine, of) => engine.call('getObjects', await filterOf(engine, of)),
  workers: (engine, of) => withoutMore(of, 'workers', () => engine.call('getWorkers', {})),
  queue: async (engine, of) => {
    const which = of === undefined ? {} : { migration: (await findMigration(engine, of)).id };
    return (await engine.call('getQueue', which)).steps;
  },
};

/** A VM here means all of its migrations. */
async function manyOf(
  engine: Engine,
  of: string | undefined,
): Promise<{ migration?: string; group?: string; vm?: string }> {
  if (of === undefined) return {};
  if (/^m-[a-z0-9]+$/.test(of) || /^g-[a-z0-9]+$/.test(of)) return filterOf(engine, of);
  return { vm: of };
}

function withoutMore<T>(of: string | undefined, kind: Kind, rows: () => Promise<T>): Promise<T> {
  if (of === undefined) return rows();
  throw new UsageError(`get ${kind} takes nothing after it`, `See: ${PROGRAM} get --help`);
}
