/** How far migrations are: a bar for each disk with what it does now, and why where it stands still. */
import type { DiskStatusView, StatusView, StepView } from '@vm-migrate/api';
import { clip, displayWidth, joinFitting, padEnd, padStart, shortenMiddle } from './display-width';
import { printable } from './escape';
import { errorLines } from './error-text';
import { bytesOf, duration, eta, percent, rate } from './format';
import { marksOf } from './marks';
import { migrationState } from './migration-state';
import { stateColor } from './state-color';
import { stepWords } from './step-words';
import type { Style } from './style';

export { HEARTBEAT_MS, heartbeatLines, statusLines } from './status-lines';

const GAP = '  ';
const SHORTEST_BAR = 8;
const LONGEST_BAR = 30;
/** A layer's name shorter than this says nothing; it gets a line of its own instead. */
const SHORTEST_NAME = 16;

/** @param now for how long something waits */
export function statusText(
  views: readonly StatusView[],
  style: Style,
  now: Date = new Date(),
): string {
  if (views.length === 0) return style.palette.dim('No migrations.');
  return views.map(view => migrationLines(view, style, now).join('\n')).join('\n\n');
}

function migrationLines(view: StatusView, style: Style, now: Date): string[] {
  const cells = view.disks.map(diskCells);
  return [
    ...headLines(view, style, now),
    ...whyLines(view.now, '  ', style, now),
    ...cells.flatMap(cell => diskLines(cell, cells, style, now)),
    ...(view.error === null || view.state !== 'failed'
      ? []
      : errorLines(view.error, style).map(line => `  ${line}`)),
  ];
}

function headLines(view: StatusView, style: Style, now: Date): string[] {
  const { palette, symbols, width } = style;
  const name = `${printable(view.source)}/${printable(view.vm)}`;
  const shown = shortenMiddle(name, Math.max(12, width - view.id.length - 2), symbols);
  const { layers, snapshots, progress } = view;
  const state = migrationState(view);
  const facts = [
    palette[stateColor(state)](state),
    `${percent(progress.bytesDone, progress.bytesTotal)} %`,
    bytesOf(progress.bytesDone, progress.bytesTotal),
    `${layers.migrated}/${layers.total - layers.notWanted} layers`,
    `${snapshots.ready}/${snapshots.total} snapshots`,
    ...(view.state === 'running' ? [rate(progress.bytesPerSecond), eta(progress.etaMs)] : []),
    ...(view.finishedAt === null
      ? []
      : [`took ${duration(Date.parse(view.finishedAt) - Date.parse(view.createdAt))}`]),
    ...(view.state === 'running'
      ? [`for ${duration(now.getTime() - Date.parse(view.createdAt))}`]
      : []),
  ];
  return [
    `${palette.bold(shown)}${GAP}${palette.dim(view.id)}`,
    `  ${joinFitting(facts, width - 2)}`,
  ];
}

interface DiskCells {
  readonly disk: DiskStatusView;
  readonly label: string;
  readonly percent: string;
  readonly bytes: string;
  readonly deltas: string;
  readonly rate: string;
  readonly eta: string;
}

function diskCells(disk: DiskStatusView): DiskCells {
  const { bytesDone, bytesTotal, bytesPerSecond, etaMs } = disk.progress;
  const moves = bytesPerSecond > 0;
  return {
    disk,
    label: printable(disk.label),
    percent: `${percent(bytesDone, bytesTotal)} %`,
    bytes: bytesOf(bytesDone, bytesTotal),
    deltas: `${disk.layers.migrated}/${disk.layers.total}`,
    rate: moves ? rate(bytesPerSecond) : '',
    eta: moves ? eta(etaMs) : '',
  };
}

function diskLines(cells: DiskCells, all: readonly DiskCells[], style: Style, now: Date): string[] {
  const widest = (of: (cell: DiskCells) => string): number =>
    all.reduce((most, cell) => Math.max(most, displayWidth(of(cell))), 0);
  const label = Math.min(
    widest(cell => cell.label),
    16,
  );
  // Widths that figures grow into, so that bars do not jump while they are watched.
  const moves = all.some(cell => cell.rate !== '');
  const right = [
    padStart(cells.percent, 5),
    padStart(
      cells.bytes,
      Math.max(
        widest(cell => cell.bytes),
        widest(wholeBytes) + 2,
      ),
    ),
    padStart(
      cells.deltas,
      widest(cell => cell.deltas),
    ),
    padStart(cells.rate, moves ? 10 : 0),
    padStart(
      cells.eta,
      moves
        ? Math.max(
            8,
            widest(cell => cell.eta),
          )
        : 0,
    ),
  ].join(GAP);
  const besides = 2 + label + GAP.length + GAP.length + displayWidth(right);
  const bar = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, style.width - besides));
  const start = `  ${padEnd(shortenMiddle(cells.label, label, style.symbols), label)}${GAP}`;
  const line = `${start}${barOf(cells.disk, bar, style)}${GAP}${right}`.trimEnd();
  const running = cells.disk.now.find(step => step.state === 'running' && step.waitsFor === null);
  const indent = ' '.repeat(2 + label + GAP.length);
  const nameRoom = style.width - displayWidth(line) - GAP.length;
  const lines = [];
  if (running === undefined) lines.push(line);
  else {
    const words = stepWords(running);
    const fits = nameRoom >= Math.max(SHORTEST_NAME, displayWidth(words));
    if (fits) lines.push(`${line}${GAP}${style.palette.dim(words)}`);
    else
      lines.push(
        line,
        indent +
          style.palette.dim(shortenMiddle(words, style.width - indent.length, style.symbols)),
      );
  }
  return [
    ...lines.map(each => clip(each, style.width)),
    ...whyLines(cells.disk.now, indent, style, now),
  ];
}

/** As wide as the figure gets, but for a decimal. */
function wholeBytes({ disk }: DiskCells): string {
  return bytesOf(disk.progress.bytesTotal, disk.progress.bytesTotal);
}

function barOf({ progress, now }: DiskStatusView, width: number, style: Style): string {
  const marks = marksOf(style);
  const share = progress.bytesTotal === 0 ? 1 : progress.bytesDone / progress.bytesTotal;
  const filled = Math.min(width, Math.max(0, Math.floor(share * width)));
  const { palette } = style;
  const failed = now.some(step => step.state === 'failed');
  const color = failed ? palette.red : filled === width ? palette.green : palette.cyan;
  return color(marks.full.repeat(filled)) + palette.dim(marks.empty.repeat(width - filled));
}

/** One for each reason: a disk whose three branches wait for the same thing says it once. */
function whyLines(steps: readonly StepView[], indent: string, style: Style, now: Date): string[] {
  const { palette } = style;
  const seen = new Map<string, { step: StepView; more: number }>();
  for (const step of steps) {
    const reason = step.state === 'failed' ? `failed: ${stepWords(step)}` : step.waitsFor;
    if (reason === null) continue;
    const known = seen.get(reason);
    if (known === undefined) seen.set(reason, { step, more: 0 });
    else known.more += 1;
  }
  const room = style.width - indent.length;
  return [...seen].map(([reason, { step, more }]) => {
    const others = more === 0 ? '' : `, and ${more} more`;
    if (step.state === 'failed') {
      const text = shortenMiddle(printable(reason), room - others.length, style.symbols);
      return clip(indent + palette.red(text + others), style.width);
    }
    const waited =
      step.waitsSince === null ? '' : ` ${duration(now.getTime() - Date.parse(step.waitsSince))}`;
    const start = `why: waits${waited} for `;
    const cause = printable(reason).replace(/^waits? for /, '');
    const about = ` (${stepWords(step)}${others})`;
    const left = room - displayWidth(start);
    const tail = displayWidth(cause) + displayWidth(about) <= left ? about : others;
    const text = shortenMiddle(cause, left - displayWidth(tail), style.symbols);
    return clip(indent + palette.yellow(start + text) + palette.dim(tail), style.width);
  });
}
