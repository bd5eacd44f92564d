/** The screen without arguments: where this program is, what runs, and the next two commands. */
import type { MigrationView, PlaceView } from '@vm-migrate/api';
import { displayWidth, padEnd, shortenMiddle } from './display-width';
import { printable } from './escape';
import { count, eta, percent } from './format';
import { migrationState } from './migration-state';
import { stateColor } from './state-color';
import type { Style } from './style';

const SHOWN = 8;

/** @param migrations those that a person may want to look at: running, paused and failed ones */
export function whereText(
  place: PlaceView,
  migrations: readonly MigrationView[],
  style: Style,
): string {
  const { palette } = style;
  const line = (label: string, value: string): string =>
    `${palette.dim(padEnd(label, 12))}${shortenMiddle(value, style.width - 12, style.symbols)}`;
  return [
    palette.bold('vm-migrate') + palette.dim('  VMware VMs with their snapshot history'),
    '',
    line('database', printable(place.database)),
    line('store', `${printable(place.storeId)}, schema ${place.schemaVersion}`),
    line('sources', named(place.sources)),
    line('targets', named(place.targets)),
    line('workers', place.workers === 0 ? 'none running' : String(place.workers)),
    line('migrations', tally(place)),
    ...migrationLines(migrations, style),
    '',
    palette.bold('Next'),
    ...nextCommands(place, migrations).flatMap(({ command, why }) => [
      `  ${command}`,
      palette.dim(`      ${why}`),
    ]),
  ].join('\n');
}

function named(names: readonly string[]): string {
  return names.length === 0 ? '<none>' : names.map(printable).join(', ');
}

function tally({ migrations }: PlaceView): string {
  const parts = (['running', 'paused', 'failed', 'migrated', 'canceled'] as const)
    .filter(state => migrations[state] > 0)
    .map(state => `${migrations[state]} ${state}`);
  return parts.length === 0 ? '<none>' : parts.join(', ');
}

function migrationLines(migrations: readonly MigrationView[], style: Style): string[] {
  const shown = migrations.slice(0, SHOWN);
  if (shown.length === 0) return [];
  const { palette, symbols, width } = style;
  const idWidth = Math.max(...shown.map(({ id }) => id.length));
  const states = shown.map(migrationState);
  const stateWidth = Math.max(8, ...states.map(displayWidth));
  const lines = shown.map(({ id, source, vm, state, progress, waits }, at) => {
    const done = `${percent(progress.bytesDone, progress.bytesTotal)} %`;
    const moves = state === 'running' && waits === null;
    const facts = moves ? `${done}  ${eta(progress.etaMs)}` : done;
    const words = states[at] ?? state;
    const room = width - 2 - idWidth - 2 - stateWidth - 2 - 2 - displayWidth(facts);
    const name = shortenMiddle(`${printable(source)}/${printable(vm)}`, room, symbols);
    return `  ${padEnd(id, idWidth)}  ${palette[stateColor(words)](padEnd(words, stateWidth))}  ${name}  ${facts}`;
  });
  const more = migrations.length - shown.length;
  return ['', ...lines, ...(more > 0 ? [palette.dim(`  and ${count(more, 'more', 'more')}`)] : [])];
}

function nextCommands(
  place: PlaceView,
  migrations: readonly MigrationView[],
): { command: string; why: string }[] {
  const failed = migrations.find(({ state }) => state === 'failed');
  const running = migrations.find(({ state }) => state === 'running');
  const paused = migrations.find(({ state }) => state === 'paused');
  const look = {
    command: 'kubectl vm-migrate get vms',
    why: 'the VMs that the configured sources see',
  };
  const known = [
    failed && {
      command: `kubectl vm-migrate describe ${failed.id}`,
      why: 'what failed, and what to do',
    },
    running && { command: 'kubectl vm-migrate status --watch', why: 'follow what runs' },
    paused && {
      command: `kubectl vm-migrate resume ${paused.id}`,
      why: 'go on with what is paused',
    },
    place.sources.length === 0 && {
      command: 'kubectl vm-migrate tree /path/to/folder-of-a-vm',
      why: 'the snapshot history of a VM in a folder; nothing is written',
    },
    place.sources.length > 0 && look,
    {
      command: 'kubectl vm-migrate plan VM',
      why: 'what a migration would do, cost and lose; writes nothing',
    },
  ];
  return known.filter(each => typeof each === 'object').slice(0, 2);
}
