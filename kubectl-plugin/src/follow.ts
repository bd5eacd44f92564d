/**
 * Shows migrations until they are over: bars that stay in place in a terminal, else one line for
 * each change of state and one every 30 s for each running disk. Outlives the background process:
 * when that dies, another is started and goes on.
 */
import type { MigrationStateView, OperationInput, StatusView, StepView } from '@vm-migrate/api';
import type { Engine } from '@vm-migrate/engine';
import { EXIT, type ExitCode } from './exit-codes';
import { liveView, type LiveView } from './output/live';
import { HEARTBEAT_MS, heartbeatLines, statusLines } from './output/status-lines';
import { statusText } from './output/status-text';
import { isForPeople } from './print';
import type { Session } from './session';

export interface FollowOptions {
  /** Asked again and again; a group may grow. */
  readonly filter: OperationInput<'getStatus'>;
  /** Ends the following when it says so of every migration; `never` until Ctrl-C. */
  readonly until: ((view: StatusView) => boolean) | 'never';
  /** Gives up at this moment (performance.now()). */
  readonly deadline?: number;
  /** Only waits, and shows nothing. */
  readonly silent?: true;
}

export interface FollowEnd {
  readonly how: 'over' | 'stopped' | 'late';
  readonly views: readonly StatusView[];
}

const LOOK_MS = { live: 250, lines: 1_000 } as const;

export async function follow(
  session: Session,
  { filter, until, deadline, silent }: FollowOptions,
): Promise<FollowEnd> {
  const stop = session.signals.take();
  const shown =
    silent === true ? undefined : session.terminal.isLive ? liveShow(session) : lineShow(session);
  const lookMs = session.terminal.isLive ? LOOK_MS.live : LOOK_MS.lines;
  let views: readonly StatusView[] = [];
  let changes = await listen(session);
  try {
    for (;;) {
      const waited = changes.next();
      const looked = await look(session, filter);
      if (looked === undefined) {
        await changes.end();
        shown?.note(
          'The background process is gone; starting another. What is on the target stays valid.',
        );
        await session.reconnect();
        changes = await listen(session);
        continue;
      }
      views = looked;
      shown?.show(views);
      if (until !== 'never' && views.every(until)) return { how: 'over', views };
      if (stop.aborted) return { how: 'stopped', views };
      const leftMs = deadline === undefined ? Infinity : deadline - performance.now();
      if (leftMs <= 0) return { how: 'late', views };
      await firstOf([waited, stop], Math.min(lookMs, leftMs));
    }
  } finally {
    shown?.end();
    await changes.end();
  }
}

/** Undefined when the background process has died meanwhile; its database may still answer, but nobody works. */
async function look(
  session: Session,
  filter: FollowOptions['filter'],
): Promise<StatusView[] | undefined> {
  try {
    const views = await (await session.engine()).call('getStatus', filter);
    return session.lostBackground() ? undefined : views;
  } catch (error) {
    if (session.lostBackground(error)) return undefined;
    throw error;
  }
}

interface Changes {
  /** Settles at the next change. */
  next(): Promise<void>;
  end(): Promise<void>;
}

async function listen(session: Session): Promise<Changes> {
  const engine: Engine = await session.engine();
  let wake = (): void => undefined;
  const unlisten = await engine.onChange(() => wake());
  return {
    next: () => new Promise(resolve => (wake = resolve)),
    end: () => unlisten().catch(() => undefined),
  };
}

async function firstOf(
  [change, stop]: readonly [Promise<void>, AbortSignal],
  ms: number,
): Promise<void> {
  let end = (): void => undefined;
  const time = new Promise<void>(resolve => {
    end = resolve;
  });
  const timer = setTimeout(end, ms);
  stop.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([change, time]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
  }
}

interface Show {
  show(views: readonly StatusView[]): void;
  note(line: string): void;
  end(): void;
}

function liveShow({ terminal, globals }: Session): Show {
  let views: readonly StatusView[] = [];
  let live: LiveView | undefined;
  const lasting = lastingWaits();
  return {
    show(next) {
      views = lasting(next);
      live ??= liveView(terminal.stdout, style => statusText(views, style).split('\n'), {
        color: globals.color,
      });
      live.redraw();
    },
    note: line => (live === undefined ? terminal.say(line) : live.print(line)),
    end: () => live?.stop(),
  };
}

/** To stdout where people read it; beside a machine's answer, to stderr. */
function lineShow({ terminal }: Session): Show {
  const write = isForPeople(terminal) ? terminal.print : terminal.say;
  let previous: readonly StatusView[] = [];
  let beatAt = performance.now();
  const lasting = lastingWaits();
  return {
    show(all) {
      const views = lasting(all);
      const lines = statusLines(previous, views);
      previous = views;
      if (lines.length > 0) write(lines);
      if (performance.now() - beatAt < HEARTBEAT_MS) return;
      beatAt = performance.now();
      const beats = heartbeatLines(views);
      if (beats.length > 0) write(beats);
    },
    note: line => terminal.say(line),
    end: () => undefined,
  };
}

/** A step that is about to run stands in the queue for a moment: worth a line only when it stays there. */
const WORTH_A_LINE_MS = 5_000;

function lastingWaits(): (views: readonly StatusView[]) => StatusView[] {
  const since = new Map<string, number>();
  const isShown = (migration: string, { id, state }: StepView): boolean => {
    if (state !== 'ready' && state !== 'queued') return true;
    const key = `${migration} ${id}`;
    const first = since.get(key) ?? performance.now();
    since.set(key, first);
    return performance.now() - first >= WORTH_A_LINE_MS;
  };
  return views =>
    views.map(view => ({
      ...view,
      disks: view.disks.map(disk => ({
        ...disk,
        now: disk.now.filter(step => isShown(view.id, step)),
      })),
    }));
}

const OVER: readonly MigrationStateView[] = ['migrated', 'failed', 'canceled'];

export function isOver({ state }: Pick<StatusView, 'state'>): boolean {
  return OVER.includes(state);
}

/** 0 when all are migrated, 1 when none is, 3 else. */
export function exitOfMigrations(views: readonly Pick<StatusView, 'state'>[]): ExitCode {
  const bad = views.filter(({ state }) => state !== 'migrated').length;
  if (bad === 0) return EXIT.done;
  return bad === views.length ? EXIT.failed : EXIT.someFailed;
}
