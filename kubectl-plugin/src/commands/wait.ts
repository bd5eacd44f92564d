/** wait: until migrations are migrated or verified; for scripts. */
import type { SnapshotView, StatusView } from '@vm-migrate/api';
import type { Engine } from '@vm-migrate/engine';
import { EXIT, exitOfAll, type ExitCode } from '../exit-codes';
import { follow, isOver } from '../follow';
import { filterOf } from '../migration-reference';
import { ageMs } from '../migration-options';
import { printable } from '../output/escape';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

const GOALS = ['migrated', 'verified'] as const;

export const wait = defineVerb({
  name: 'wait',
  group: 'do',
  summary: 'until a migration is migrated or verified; exit code 4 when the time is over',
  details: [
    'Shows nothing but the result. migrated: all steps done. verified: every VolumeSnapshot read whole (verify --full).',
  ],
  positionals: {
    migration: {
      shown: 'VM|MIGRATION',
      describe: 'A VM (its newest migration), the id of a migration or of a group',
      need: 'required',
      names: ['migration', 'group'],
    },
  },
  options: {
    for: { type: 'string', choices: GOALS, default: 'migrated', describe: 'What to wait for' },
    timeout: { type: 'string', describe: 'As 90s, 30m, 12h; without it as long as it takes' },
  },
  examples: [{ command: 'wait lab/web-1 --for=migrated --timeout=2h', why: 'in a script' }],
  operations: ['getStatus', 'getSnapshots'],

  async run(args, session) {
    const { terminal } = session;
    const timeoutMs = args.timeout === undefined ? undefined : durationMs(args.timeout);
    const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const filter = await filterOf(await session.engine(), args.migration);
    const { how, views } = await follow(session, {
      filter,
      until: isOver,
      silent: true,
      ...(deadline === undefined ? {} : { deadline }),
    });
    if (how === 'stopped') return session.signals.exitCode() ?? EXIT.interrupted;
    if (how === 'late') {
      terminal.say(
        `Not ${args.for} after ${args.timeout ?? ''}; the work goes on. See: ${PROGRAM} status ${args.migration}`,
      );
      return EXIT.timedOut;
    }
    const engine = await session.engine();
    const codes: ExitCode[] = [];
    for (const view of views) {
      const reached =
        view.state === 'migrated' && (args.for === 'migrated' || (await isVerified(engine, view)));
      terminal.print(
        `${view.id} (${printable(view.source)}/${printable(view.vm)}): ${reached ? args.for : reasonOf(view)}`,
      );
      codes.push(reached ? EXIT.done : EXIT.failed);
    }
    return exitOfAll(codes);
  },
});

function reasonOf({ state, id }: StatusView): string {
  return state === 'migrated'
    ? `migrated, but not verified; begin with: ${PROGRAM} verify ${id} --full`
    : `${state}; see: ${PROGRAM} describe ${id}`;
}

async function isVerified(engine: Engine, { id }: StatusView): Promise<boolean> {
  const snapshots: readonly SnapshotView[] = await engine.call('getSnapshots', { migration: id });
  return snapshots
    .flatMap(({ volumeSnapshots }) => volumeSnapshots)
    .every(({ proof }) => proof === 'full');
}

function durationMs(words: string): number {
  const [, seconds] = /^(\d{1,9})s?$/.exec(words) ?? [];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  try {
    return ageMs(words);
  } catch {
    throw new UsageError(`--timeout ${words} is no time`, 'As in: 90s, 30m, 12h');
  }
}
