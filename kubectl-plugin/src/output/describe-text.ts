/** Everything about one migration: facts, disks, volumes, what is not done and why, findings, events, next command. */
import type { DescriptionView, StepView } from '@vm-migrate/api';
import { shortenMiddle } from './display-width';
import { printable } from './escape';
import { errorLines } from './error-text';
import { eventLines } from './events-text';
import { findingsLines } from './findings-text';
import { bytes, bytesOf, count, duration, percent } from './format';
import { migrationState } from './migration-state';
import { stateColor } from './state-color';
import { statusText } from './status-text';
import type { Style } from './style';
import { tableLines } from './table';

const STEPS_SHOWN = 25;

/** @param now for how long something waits */
export function describeText(
  description: DescriptionView,
  style: Style,
  now: Date = new Date(),
): string {
  const { palette } = style;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : ['', palette.bold(title), ...lines.map(line => (line === '' ? '' : `  ${line}`))];
  const inner: Style = { ...style, width: style.width - 2 };
  return [
    ...factLines(description, style),
    ...section('Failure', failureLines(description, inner)),
    ...section(
      'Progress',
      statusText([{ ...description.migration, error: null }], inner, now)
        .split('\n')
        .slice(2)
        .map(line => line.slice(2)),
    ),
    ...section('Not done', stepLines(description.steps, inner, now)),
    ...section('Volumes', volumeLines(description, inner)),
    ...section('Findings', findingsLines(description.findings, inner)),
    ...section('Events', eventLines(description.events, inner)),
    ...section(
      'Next',
      description.next.flatMap(({ command, why }) => [command, palette.dim(`    ${why}`)]),
    ),
  ].join('\n');
}

function factLines({ migration, planDigest }: DescriptionView, style: Style): string[] {
  const { palette, symbols, width } = style;
  const { layers, snapshots, progress } = migration;
  const notWanted = layers.notWanted === 0 ? '' : `, ${layers.notWanted} not wanted`;
  const facts: [string, string][] = [
    ['Migration', migration.id],
    ['VM', `${printable(migration.source)}/${printable(migration.vm)}  (id ${migration.vmId})`],
    ['Target', printable(migration.target)],
    ...(migration.group === null
      ? []
      : [['Group', printable(migration.group)] as [string, string]]),
    [
      'State',
      migration.beginsAt === null
        ? migrationState(migration)
        : `${migrationState(migration)}, begins ${migration.beginsAt}`,
    ],
    ['Layers', `${layers.migrated} of ${layers.total - layers.notWanted} migrated${notWanted}`],
    ['Snapshots', `${snapshots.ready} of ${snapshots.total} ready`],
    [
      'Bytes',
      `${bytesOf(progress.bytesDone, progress.bytesTotal)}, ${percent(progress.bytesDone, progress.bytesTotal)} %`,
    ],
    ['Started', `${migration.createdAt} by ${printable(migration.startedBy)}`],
    ...(migration.finishedAt === null
      ? []
      : [
          [
            'Finished',
            `${migration.finishedAt}, after ${duration(Date.parse(migration.finishedAt) - Date.parse(migration.createdAt))}`,
          ] as [string, string],
        ]),
    ['Plan', planDigest],
  ];
  return facts.map(([label, value]) => {
    const text = label === 'Plan' ? value : shortenMiddle(value, width - 13, symbols);
    const shown = label === 'State' ? palette[stateColor(value)](text) : text;
    return `${palette.dim(`${label}:`.padEnd(13))}${shown}`;
  });
}

function failureLines({ migration, steps }: DescriptionView, style: Style): string[] {
  const failed = steps.filter(step => step.state === 'failed');
  if (failed.length === 0)
    return migration.error === null ? [] : errorLines(migration.error, style);
  return failed.flatMap(step => [
    shortenMiddle(printable(step.words), style.width, style.symbols),
    ...(step.error === null ? [] : errorLines(step.error, style).map(line => `  ${line}`)),
  ]);
}

/** What runs and waits first; what waits only for its turn behind others is counted, not listed. */
function stepLines(steps: readonly StepView[], style: Style, now: Date): string[] {
  const moving = steps.filter(({ state }) =>
    ['running', 'waiting', 'queued', 'ready', 'failed'].includes(state),
  );
  const blocked = steps.filter(({ state }) => state === 'blocked').length;
  const shown = moving.slice(0, STEPS_SHOWN);
  const table =
    shown.length === 0
      ? []
      : tableLines(
          [
            {
              heading: 'STATE',
              of: ({ state }: StepView) => ({ text: state, color: stateColor(state) }),
            },
            { heading: 'STEP', of: ({ words }: StepView) => words, shortens: true },
            {
              heading: 'DONE',
              of: ({ progress }: StepView) =>
                progress === null ? null : `${percent(progress.bytesDone, progress.bytesTotal)}%`,
              align: 'right',
            },
            { heading: 'TRIES', of: ({ attempts }: StepView) => String(attempts), align: 'right' },
            { heading: 'WAITS-FOR', of: ({ waitsFor }: StepView) => waitsFor, shortens: true },
            {
              heading: 'SINCE',
              of: ({ waitsSince }: StepView) =>
                waitsSince === null ? null : duration(now.getTime() - Date.parse(waitsSince)),
              align: 'right',
            },
          ],
          shown,
          style,
        );
  const more = moving.length - shown.length;
  return [
    ...table,
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(blocked > 0 ? [style.palette.dim(`${count(blocked, 'step')} after these`)] : []),
  ];
}

function volumeLines({ volumes }: DescriptionView, style: Style): string[] {
  if (volumes.length === 0) return [];
  type Volume = DescriptionView['volumes'][number];
  return tableLines(
    [
      { heading: 'DISK', of: ({ disk }: Volume) => disk },
      { heading: 'VOLUME', of: ({ name }: Volume) => name, shortens: true },
      { heading: 'ROLE', of: ({ role }: Volume) => role },
      { heading: 'CLASS', of: ({ storageClass }: Volume) => storageClass },
      { heading: 'SIZE', of: ({ sizeBytes }: Volume) => bytes(sizeBytes), align: 'right' },
      { heading: 'STATE', of: ({ state }: Volume) => ({ text: state, color: stateColor(state) }) },
      { heading: 'HOLDS', of: ({ holds }: Volume) => holds, shortens: true },
    ],
    volumes,
    style,
  );
}
