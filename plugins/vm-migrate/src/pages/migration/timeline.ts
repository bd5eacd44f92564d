/** Steps on a time axis, disk by disk: who ran when, and what ran beside what. Pure. */
import type { StepView } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export interface TimelineBar {
  readonly key: string;
  readonly kind: string;
  readonly look: 'done' | 'running' | 'waiting' | 'failed' | 'canceled';
  readonly fromMs: number;
  readonly toMs: number;
  /** The one that it stands for, or the first of several that are too short to be told apart. */
  readonly step: StepView;
  readonly count: number;
}

export interface TimelineTrack {
  /** Null: steps of no disk. */
  readonly diskId: string | null;
  /** What ran beside each other is in rows of its own. */
  readonly rows: readonly (readonly TimelineBar[])[];
}

export interface Timeline {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tracks: readonly TimelineTrack[];
}

/** More cannot be told apart by an eye. */
const MOST_BARS = 600;

/** What a disk is called; its id where it has no label. */
export type DiskLabels = ReadonlyMap<string, string>;

/** Undefined: nothing has begun. `nowMs` ends what is under way. Steps of no disk come first, then disks by their labels. */
export function timelineOf(
  steps: readonly StepView[],
  nowMs: number,
  labels: DiskLabels = new Map(),
): Timeline | undefined {
  const begun = steps
    .flatMap(step => barOf(step, nowMs))
    .toSorted((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
  const [first] = begun;
  if (first === undefined) return undefined;
  const fromMs = first.fromMs;
  const toMs = Math.max(
    fromMs + 1,
    begun.reduce((last, bar) => Math.max(last, bar.toMs), 0),
  );
  const leastMs = (toMs - fromMs) / MOST_BARS;
  const byDisk = new Map<string | null, TimelineBar[]>();
  for (const bar of begun) {
    const bars = byDisk.get(bar.step.diskId);
    if (bars === undefined) byDisk.set(bar.step.diskId, [bar]);
    else bars.push(bar);
  }
  const labelOf = (diskId: string | null): string =>
    diskId === null ? '' : (labels.get(diskId) ?? diskId);
  const tracks = [...byDisk]
    .map(([diskId, bars]) => ({
      diskId,
      rows: rowsOf(bars).map(row => joined(row, leastMs)),
    }))
    .toSorted((a, b) => bySlot.compare(labelOf(a.diskId), labelOf(b.diskId)));
  return { fromMs, toMs, tracks };
}

/** `scsi0:2` before `scsi0:10`. */
const bySlot = new Intl.Collator('en', { numeric: true });

/** What its state is called: whatever says what it waits for, waits, as in the history. */
export function shownStateOf({ state, waitsFor }: StepView): StepView['state'] {
  return waitsFor === null ? state : 'waiting';
}

function barOf(step: StepView, nowMs: number): TimelineBar[] {
  if (step.startedAt === null) return [];
  const fromMs = Date.parse(step.startedAt);
  const toMs = step.finishedAt === null ? nowMs : Date.parse(step.finishedAt);
  return [
    {
      key: step.id,
      kind: step.kind,
      look: lookOf(step),
      fromMs,
      toMs: Math.max(fromMs, toMs),
      step,
      count: 1,
    },
  ];
}

function lookOf(step: StepView): TimelineBar['look'] {
  const state = shownStateOf(step);
  switch (state) {
    case 'done':
    case 'failed':
    case 'canceled':
    case 'running':
      return state;
    case 'blocked':
    case 'ready':
    case 'queued':
    case 'waiting':
      return 'waiting';
  }
}

/** Each bar into the first row that is free when it begins. */
function rowsOf(bars: readonly TimelineBar[]): TimelineBar[][] {
  const rows: TimelineBar[][] = [];
  for (const bar of bars) {
    const row = rows.find(each => (each.at(-1)?.toMs ?? 0) <= bar.fromMs);
    if (row === undefined) rows.push([bar]);
    else row.push(bar);
  }
  return rows;
}

/** Neighbours of one kind that are too short to be seen become one, which counts them. */
function joined(row: readonly TimelineBar[], leastMs: number): TimelineBar[] {
  const bars: TimelineBar[] = [];
  for (const bar of row) {
    const last = bars.at(-1);
    const canJoin =
      last !== undefined &&
      last.kind === bar.kind &&
      last.look === bar.look &&
      bar.look !== 'failed' &&
      bar.toMs - bar.fromMs < leastMs &&
      bar.fromMs - last.toMs < leastMs;
    if (canJoin) bars[bars.length - 1] = { ...last, toMs: bar.toMs, count: last.count + bar.count };
    else bars.push(bar);
  }
  return bars;
}

const STEPS_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800,
].map(seconds => seconds * 1_000);

/** Round times of the axis, as milliseconds after its begin: at most so many. */
export function ticksOf(lengthMs: number, most: number): number[] {
  const step =
    STEPS_MS.find(each => lengthMs / each <= most) ??
    Math.ceil(lengthMs / most / 604_800_000) * 604_800_000;
  const ticks: number[] = [];
  for (let at = 0; at <= lengthMs; at += step) ticks.push(at);
  return ticks;
}
