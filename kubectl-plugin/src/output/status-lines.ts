/**
 * Progress where nobody watches a screen: one line per change of state, and one per 30 s for each
 * running disk. Fields stand in one order, for grep and for comparing two logs:
 * time, migration, disk (or `-`), what happened, then what it is about.
 */
import type { DiskStatusView, ErrorView, StatusView, StepView } from '@vm-migrate/api';
import { printable } from './escape';
import { bytesOf, eta, percent, rate, utcSecond } from './format';
import { stepWords } from './step-words';

/** How often a caller asks for heartbeatLines. */
export const HEARTBEAT_MS = 30_000;

/** What changed between two looks. The first look (`previous` empty) tells how things stand. */
export function statusLines(
  previous: readonly StatusView[],
  now: readonly StatusView[],
  at: Date = new Date(),
): string[] {
  const before = new Map(previous.map(view => [view.id, view]));
  return now.flatMap(view => {
    const old = before.get(view.id);
    const line = (disk: string, event: string, about: string): string =>
      fields(at, view.id, disk, event, about);
    return [
      ...stateLines(old, view, line),
      ...view.disks.flatMap(disk => diskLines(diskOf(old, disk.diskId), disk, view, line)),
      ...snapshotLines(old, view, line),
      ...endLines(old, view, line),
    ];
  });
}

/** One line for each disk on which something is being copied or read. */
export function heartbeatLines(views: readonly StatusView[], at: Date = new Date()): string[] {
  return views
    .filter(({ state }) => state === 'running')
    .flatMap(view =>
      view.disks
        .filter(({ now }) => now.some(({ state }) => state === 'running'))
        .map(disk => fields(at, view.id, printable(disk.label), 'progress', progressWords(disk))),
    );
}

type Line = (disk: string, event: string, about: string) => string;

function fields(at: Date, migration: string, disk: string, event: string, about: string): string {
  return `${utcSecond(at)} ${migration} ${disk} ${event} ${about}`.trimEnd();
}

function diskOf(view: StatusView | undefined, id: string): DiskStatusView | undefined {
  return view?.disks.find(({ diskId }) => diskId === id);
}

function stateLines(old: StatusView | undefined, view: StatusView, line: Line): string[] {
  if (isOver(view) || (old?.state === view.state && old.wanted === view.wanted)) return [];
  const asked =
    view.state === 'running' && view.wanted !== 'run' ? `, ${view.wanted} asked for` : '';
  return [line('-', view.state, `${printable(view.source)}/${printable(view.vm)}${asked}`)];
}

/** After everything else, so that a log ends with its result. */
function endLines(old: StatusView | undefined, view: StatusView, line: Line): string[] {
  if (!isOver(view) || old?.state === view.state) return [];
  const { progress, layers, snapshots } = view;
  const result = `layers ${layers.migrated}/${layers.total - layers.notWanted} snapshots ${snapshots.ready}/${snapshots.total} bytes ${bytesOf(progress.bytesDone, progress.bytesTotal)}`;
  const failure =
    view.state === 'failed' && view.error !== null ? ` ${errorWords(view.error)}` : '';
  return [
    line('-', view.state, `${printable(view.source)}/${printable(view.vm)} ${result}${failure}`),
  ];
}

function isOver({ state }: StatusView): boolean {
  return state === 'migrated' || state === 'failed' || state === 'canceled';
}

function diskLines(
  old: DiskStatusView | undefined,
  disk: DiskStatusView,
  view: StatusView,
  line: Line,
): string[] {
  const label = printable(disk.label);
  const before = new Map((old?.now ?? []).map(step => [step.id, step]));
  const now = new Set(disk.now.map(({ id }) => id));
  // A step that left the list ended well: one that failed stays in it.
  const ended =
    view.state === 'canceled' ? [] : [...before.values()].filter(({ id }) => !now.has(id));
  return [
    ...ended.map(step =>
      line(label, 'done', `${stepWords(step)} layers ${disk.layers.migrated}/${disk.layers.total}`),
    ),
    ...disk.now.flatMap(step => stepLines(before.get(step.id), step, label, line)),
  ];
}

function stepLines(old: StepView | undefined, step: StepView, label: string, line: Line): string[] {
  if (step.state === 'failed') {
    if (old?.state === 'failed') return [];
    const why = step.error === null ? '' : ` ${errorWords(step.error)}`;
    return [line(label, 'failed', `${stepWords(step)}${why}`)];
  }
  if (step.waitsFor !== null) {
    const known = old !== undefined && reasonOf(old) === reasonOf(step);
    return known
      ? []
      : [line(label, 'waits', `${stepWords(step)} for ${printable(step.waitsFor)}`)];
  }
  if (step.state !== 'running') return [];
  const ran = old?.state === 'running' && old.waitsFor === null;
  return ran ? [] : [line(label, 'started', stepWords(step))];
}

/** Without its numbers: `busy (3 s)`, `busy (4 s)` is one state. */
function reasonOf({ waitsFor }: StepView): string {
  return (waitsFor ?? '').replace(/\d+/g, '0');
}

function snapshotLines(old: StatusView | undefined, view: StatusView, line: Line): string[] {
  const { ready, total } = view.snapshots;
  if (ready === (old?.snapshots.ready ?? 0)) return [];
  return [line('-', 'snapshots', `ready ${ready}/${total}`)];
}

function errorWords({ code, message }: ErrorView): string {
  return `${printable(code)}: ${printable(message)}`;
}

function progressWords({ progress, layers, now }: DiskStatusView): string {
  const step = now.find(({ state }) => state === 'running');
  const { bytesDone, bytesTotal, bytesPerSecond, etaMs } = progress;
  return [
    `${percent(bytesDone, bytesTotal)}%`,
    bytesOf(bytesDone, bytesTotal).replace(' ', ''),
    rate(bytesPerSecond).replace(' ', ''),
    eta(etaMs).replace(' ', '='),
    `layers=${layers.migrated}/${layers.total}`,
    step === undefined ? '' : stepWords(step),
  ]
    .join(' ')
    .trimEnd();
}
