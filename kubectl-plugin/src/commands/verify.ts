/** verify: what is proved so far, or, with --full, read every VolumeSnapshot through a restore. */
import type { SnapshotView, VolumeSnapshotView } from '@vm-migrate/api';
import type { Engine } from '@vm-migrate/engine';
import { EXIT, type ExitCode } from '../exit-codes';
import { exitOfMigrations, follow, isOver } from '../follow';
import { findMigration } from '../migration-reference';
import { count, utcMinute } from '../output/format';
import { tableLines, type Column } from '../output/table';
import { isForPeople, listOf, printAnswer } from '../print';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

interface Row {
  readonly snapshot: string;
  readonly cut: VolumeSnapshotView;
}

const PROOFS = { full: 'read whole', sampled: 'sampled', volume: 'volume read back' } as const;

const COLUMNS: readonly Column<Row>[] = columnsWith(12);
const WIDE: readonly Column<Row>[] = columnsWith(64);

function columnsWith(digits: number): Column<Row>[] {
  return [
    { heading: 'SNAPSHOT', of: ({ snapshot }) => snapshot, shortens: true },
    { heading: 'DISK', of: ({ cut }) => cut.disk },
    { heading: 'VOLUMESNAPSHOT', of: ({ cut }) => cut.name, shortens: true },
    { heading: 'DIGEST', of: ({ cut }) => cut.stateDigest?.slice(0, digits) ?? null },
    {
      heading: 'PROOF',
      of: ({ cut }) =>
        cut.proof === null
          ? null
          : { text: PROOFS[cut.proof], color: cut.proof === 'full' ? 'green' : 'yellow' },
    },
    { heading: 'AT', of: ({ cut }) => utcMinute(cut.provedAt ?? cut.readyAt) },
  ];
}

export const verify = defineVerb({
  name: 'verify',
  group: 'prove',
  summary: 'what is proved; --full reads every VolumeSnapshot through a restore',
  details: [
    'Without --full: the proof that each VolumeSnapshot has, from the records; exit code 1 if one has none.',
    'With --full: each is restored, read whole, and its digest compared with that of the chain at the source.',
  ],
  positionals: {
    migration: {
      shown: 'VM|MIGRATION',
      describe: 'A VM (its newest migration), or the id of a migration',
      need: 'required',
      names: ['migration'],
    },
  },
  options: {
    full: {
      type: 'boolean',
      default: false,
      describe: 'Read every VolumeSnapshot through a restore',
    },
    snapshot: {
      type: 'string',
      array: true,
      describe: 'Only this VMware snapshot, by id or name (repeatable; with --full)',
    },
    detach: {
      alias: 'd',
      type: 'boolean',
      default: false,
      describe: 'Return as soon as it is started',
    },
  },
  examples: [
    {
      command: 'verify lab/web-1 --full',
      why: 'the whole proof; reads every state once from both sides',
    },
  ],
  operations: ['verify', 'getSnapshots'],

  async run(args, session) {
    const engine = await session.engine();
    const { id } = await findMigration(engine, args.migration);
    if (!args.full) {
      if (args.snapshot !== undefined)
        throw new UsageError('--snapshot goes with --full', `See: ${PROGRAM} verify --help`);
      return showProofs(session, engine, id);
    }
    const snapshots =
      args.snapshot === undefined
        ? undefined
        : idsOf(await engine.call('getSnapshots', { migration: id }), args.snapshot.map(String));
    const { steps } = await engine.call('verify', {
      migration: id,
      ...(snapshots === undefined ? {} : { snapshots }),
    });
    session.terminal.say(
      `${count(steps, 'VolumeSnapshot is', 'VolumeSnapshots are')} read whole through a restore.`,
    );
    if (args.detach) return EXIT.done;
    const { how, views } = await follow(session, { filter: { migration: id }, until: isOver });
    if (how === 'stopped') {
      session.terminal.say(
        `Detached; the reading goes on. Come back with: ${PROGRAM} status ${id} --watch`,
      );
      return session.signals.exitCode() ?? EXIT.interrupted;
    }
    const code = exitOfMigrations(views);
    if (code !== EXIT.done) {
      session.terminal.say(`Not proved. What differs, and what to do: ${PROGRAM} describe ${id}`);
      return code;
    }
    return showProofs(session, await session.engine(), id);
  },
});

async function showProofs({ terminal }: Session, engine: Engine, id: string): Promise<ExitCode> {
  const snapshots = await engine.call('getSnapshots', { migration: id });
  const cuts = snapshots.flatMap(({ volumeSnapshots }) => volumeSnapshots);
  const rows = snapshots.flatMap(({ name, volumeSnapshots }) =>
    volumeSnapshots.map(cut => ({ snapshot: name, cut })),
  );
  const full = cuts.filter(({ proof }) => proof === 'full').length;
  const none = cuts.filter(({ proof }) => proof === null).length;
  await printAnswer(terminal, {
    data: listOf(snapshots),
    names: () => cuts.map(({ name }) => `volumesnapshot/${name}`),
    text: () =>
      tableLines(terminal.format === 'wide' ? WIDE : COLUMNS, rows, terminal.style, {
        headings: terminal.headings,
      }),
  });
  if (isForPeople(terminal)) {
    const rest = full === cuts.length ? '' : ` Read all with: ${PROGRAM} verify ${id} --full`;
    terminal.print(
      `${full} of ${count(cuts.length, 'VolumeSnapshot')} read whole through a restore and equal to the source${none > 0 ? `; ${none} without any proof` : ''}.${rest}`,
    );
  }
  return none === 0 ? EXIT.done : EXIT.failed;
}

function idsOf(snapshots: readonly SnapshotView[], wanted: readonly string[]): string[] {
  return wanted.flatMap(word => {
    const found = snapshots.filter(({ id, name }) => id === word || name === word);
    if (found.length === 0)
      throw new UsageError(
        `there is no snapshot "${word}"`,
        `There are: ${snapshots.map(({ id, name }) => `${id} (${name})`).join(', ')}`,
      );
    return found.map(({ id }) => id);
  });
}
