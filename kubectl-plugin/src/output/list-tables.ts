/** The columns of every `get`: what fits on a screen first, the rest with `-o wide`. */
import {
  withoutCommands,
  type LayerView,
  type LimitView,
  type MigrationView,
  type ObjectView,
  type QueuedStepView,
  type SnapshotView,
  type SourceView,
  type TargetClassView,
  type TargetView,
  type VmView,
  type WorkerView,
} from '@vm-migrate/api';
import { age, bytes, bytesOf, duration, eta, percent, rate, utcMinute } from './format';
import { migrationState } from './migration-state';
import { OBJECT_KINDS, OBJECT_STATES, objectPurpose } from './object-words';
import { stateColor } from './state-color';
import { stepWords } from './step-words';
import type { Style } from './style';
import { tableLines, type Cell, type Column } from './table';

/** What `get` lists, by the word that a person types. */
export interface ListRows {
  readonly sources: SourceView;
  readonly targets: TargetView;
  readonly vms: VmView;
  readonly migrations: MigrationView;
  readonly layers: LayerView;
  readonly snapshots: SnapshotView;
  readonly objects: ObjectView;
  readonly workers: WorkerView;
  readonly queue: QueuedStepView;
  readonly limits: LimitView;
}

export type ListName = keyof ListRows;

export interface ListTable<Row> {
  /** What `-o name` puts before the slash: `migration/m-abc`. */
  readonly singular: string;
  readonly nameOf: (row: Row) => string;
  readonly columns: (now: Date) => readonly ListColumn<Row>[];
}

export interface ListColumn<Row> extends Column<Row> {
  readonly wide?: true;
}

export interface ListOptions {
  readonly wide?: boolean;
  readonly headings?: boolean;
  readonly now?: Date;
}

/** Lines of a table; `[]` for no rows: the caller says on stderr that there are none. */
export function listLines<Name extends ListName>(
  name: Name,
  rows: readonly ListRows[Name][],
  style: Style,
  { wide = false, headings = true, now = new Date() }: ListOptions = {},
): string[] {
  if (rows.length === 0) return [];
  const table: ListTable<ListRows[Name]> = LIST_TABLES[name];
  const columns = table.columns(now).filter(column => wide || column.wide !== true);
  return tableLines(columns, rows, style, { headings });
}

/** `-o name`: one `kind/name` a line. */
export function nameLines<Name extends ListName>(
  name: Name,
  rows: readonly ListRows[Name][],
): string[] {
  const table: ListTable<ListRows[Name]> = LIST_TABLES[name];
  return rows.map(row => `${table.singular}/${table.nameOf(row)}`);
}

export const LIST_TABLES: { readonly [Name in ListName]: ListTable<ListRows[Name]> } = {
  sources: {
    singular: 'source',
    nameOf: ({ name }) => name,
    columns: () => [
      { heading: 'NAME', of: ({ name }) => name },
      { heading: 'KIND', of: ({ kind }) => kind },
      { heading: 'VMS', of: ({ vms }) => (vms === null ? null : String(vms)), align: 'right' },
      { heading: 'STATUS', of: ({ error }) => (error === null ? good('ok') : bad(error.code)) },
      { heading: 'LOCATION', of: ({ location }) => location, shortens: true },
      { heading: 'ERROR', of: ({ error }) => error?.message ?? null, wide: true },
    ],
  },
  targets: {
    singular: 'target',
    nameOf: ({ name }) => name,
    columns: () => [
      { heading: 'NAME', of: ({ name, isDefault }) => (isDefault ? `${name} (default)` : name) },
      { heading: 'KIND', of: ({ kind }) => kind },
      { heading: 'STATUS', of: ({ error }) => (error === null ? good('ok') : bad(error.code)) },
      {
        heading: 'CLASSES',
        of: ({ classes }) => classes.map(classWords).join(', '),
        shortens: true,
      },
      { heading: 'LOCATION', of: ({ location }) => location, shortens: true },
      { heading: 'NAMESPACES', of: ({ namespaces }) => namespaces.join(','), wide: true },
      { heading: 'ERROR', of: ({ error }) => error?.message ?? null, wide: true },
    ],
  },
  vms: {
    singular: 'vm',
    nameOf: ({ source, name }) => `${source}/${name}`,
    columns: () => [
      { heading: 'SOURCE', of: ({ source }) => source },
      { heading: 'NAME', of: ({ name }) => name, shortens: true },
      { heading: 'ID', of: ({ id }) => id, wide: true },
      { heading: 'MIGRATION', of: ({ migration }) => migration?.id ?? null },
      {
        heading: 'STATE',
        of: ({ migration, error }) => {
          if (error !== null) return bad('unreadable');
          return migration === null ? null : stateCell(migration.state);
        },
      },
      { heading: 'LOCATION', of: ({ location }) => location, shortens: true },
      { heading: 'ERROR', of: ({ error }) => error, wide: true },
    ],
  },
  migrations: {
    singular: 'migration',
    nameOf: ({ id }) => id,
    columns: now => [
      { heading: 'ID', of: ({ id }) => id },
      { heading: 'VM', of: ({ source, vm }) => `${source}/${vm}`, shortens: true },
      { heading: 'TARGET', of: ({ target }) => target, wide: true },
      { heading: 'GROUP', of: ({ group }) => group, wide: true },
      { heading: 'STATE', of: migration => stateCell(migrationState(migration)) },
      {
        heading: 'LAYERS',
        of: ({ layers }) => `${layers.migrated}/${layers.total - layers.notWanted}`,
      },
      { heading: 'SNAPSHOTS', of: ({ snapshots }) => `${snapshots.ready}/${snapshots.total}` },
      {
        heading: 'DONE',
        of: ({ progress }) => `${percent(progress.bytesDone, progress.bytesTotal)}%`,
        align: 'right',
      },
      {
        heading: 'BYTES',
        of: ({ progress }) => bytesOf(progress.bytesDone, progress.bytesTotal),
        align: 'right',
        wide: true,
      },
      {
        heading: 'RATE',
        of: ({ progress, state }) => (state === 'running' ? rate(progress.bytesPerSecond) : null),
        wide: true,
      },
      {
        heading: 'ETA',
        of: ({ progress, state }) =>
          state === 'running' ? eta(progress.etaMs).replace('ETA ', '') : null,
      },
      { heading: 'AGE', of: ({ createdAt }) => age(createdAt, now) },
      { heading: 'STARTED-BY', of: ({ startedBy }) => startedBy, wide: true },
      {
        heading: 'WAITS-FOR',
        of: ({ waits }) => (waits === null ? null : withoutCommands(waits.for)),
        wide: true,
      },
      { heading: 'SINCE', of: ({ waits }) => age(waits?.since ?? null, now), wide: true },
      { heading: 'ERROR', of: ({ error }) => error?.code ?? null, wide: true },
    ],
  },
  layers: {
    singular: 'layer',
    nameOf: ({ migration, id }) => `${migration}/${id}`,
    columns: now => [
      { heading: 'MIGRATION', of: ({ migration }) => migration },
      { heading: 'VM', of: ({ vm }) => vm, wide: true },
      { heading: 'DISK', of: ({ disk }) => disk },
      { heading: 'FILE', of: ({ file }) => file, shortens: true },
      { heading: 'ID', of: ({ id }) => id, wide: true },
      { heading: 'PARENT', of: ({ parentId }) => parentId, wide: true },
      { heading: 'FORMAT', of: ({ format }) => format, wide: true },
      { heading: 'CAPACITY', of: ({ sizeBytes }) => bytes(sizeBytes), align: 'right', wide: true },
      { heading: 'DATA', of: ({ dataBytes }) => bytes(dataBytes), align: 'right' },
      { heading: 'ZEROS', of: ({ zeroBytes }) => bytes(zeroBytes), align: 'right', wide: true },
      { heading: 'FLAG', of: ({ flag }) => stateCell(flag) },
      { heading: 'NOW', of: layerNow, shortens: true },
      { heading: 'MIGRATED', of: ({ migratedAt }) => age(migratedAt, now), wide: true },
      {
        heading: 'AT-SOURCE',
        of: ({ goneAtSource }) => (goneAtSource ? 'gone' : 'yes'),
        wide: true,
      },
    ],
  },
  snapshots: {
    singular: 'snapshot',
    nameOf: ({ migration, id }) => `${migration}/${id}`,
    columns: () => [
      { heading: 'MIGRATION', of: ({ migration }) => migration },
      { heading: 'VM', of: ({ vm }) => vm, wide: true },
      { heading: 'ID', of: ({ id }) => id },
      { heading: 'NAME', of: ({ name }) => name, shortens: true },
      { heading: 'TAKEN', of: ({ createdAt }) => utcMinute(createdAt) },
      { heading: 'PARENT', of: ({ parentId }) => parentId, wide: true },
      {
        heading: 'QUIESCED',
        of: ({ quiesced }) => (quiesced === null ? null : quiesced ? 'yes' : 'no'),
        wide: true,
      },
      { heading: 'STATE', of: snapshotState },
      {
        heading: 'VOLUMESNAPSHOTS',
        of: ({ volumeSnapshots }) => volumeSnapshots.map(({ name }) => name).join(','),
        shortens: true,
      },
      { heading: 'READY', of: ({ readyAt }) => utcMinute(readyAt), wide: true },
      { heading: 'PROOF', of: weakestProof, wide: true },
      { heading: 'DESCRIPTION', of: ({ description }) => description, shortens: true, wide: true },
    ],
  },
  objects: {
    singular: 'object',
    nameOf: ({ kind, name }) => `${kind}/${name}`,
    columns: () => [
      { heading: 'MIGRATION', of: ({ migration }) => migration },
      { heading: 'VM', of: ({ vm }) => vm, wide: true },
      { heading: 'KIND', of: ({ kind }) => OBJECT_KINDS[kind] },
      { heading: 'NAME', of: ({ name }) => name },
      { heading: 'DISK', of: ({ disk }) => disk },
      { heading: 'FOR', of: objectPurpose, shortens: true },
      { heading: 'STATE', of: ({ state }) => OBJECT_STATES[state] },
      { heading: 'TARGET', of: ({ target }) => target, wide: true },
    ],
  },
  workers: {
    singular: 'worker',
    nameOf: ({ id }) => id,
    columns: now => [
      { heading: 'ID', of: ({ id }) => id },
      { heading: 'SURFACE', of: ({ surface }) => surface },
      { heading: 'HOST', of: ({ host }) => host, shortens: true },
      { heading: 'STEPS', of: ({ steps }) => String(steps), align: 'right' },
      { heading: 'LAST-SEEN', of: ({ silentMs }) => duration(silentMs), align: 'right' },
      { heading: 'AGE', of: ({ startedAt }) => age(startedAt, now) },
      { heading: 'VERSION', of: ({ version }) => version },
      { heading: 'PID', of: ({ pid }) => String(pid), align: 'right', wide: true },
      { heading: 'SOURCES', of: ({ sources }) => sources.join(','), wide: true },
      { heading: 'TARGETS', of: ({ targets }) => targets.join(','), wide: true },
    ],
  },
  queue: {
    singular: 'step',
    nameOf: ({ migration, id }) => `${migration}/${id}`,
    columns: now => [
      { heading: 'MIGRATION', of: ({ migration }) => migration },
      { heading: 'VM', of: ({ source, vm }) => `${source}/${vm}`, shortens: true },
      { heading: 'DISK', of: ({ disk }) => disk, wide: true },
      { heading: 'STEP', of: stepWords, shortens: true },
      { heading: 'STATE', of: ({ state }) => stateCell(state) },
      {
        heading: 'DONE',
        of: ({ progress }) =>
          progress === null ? null : `${percent(progress.bytesDone, progress.bytesTotal)}%`,
        align: 'right',
      },
      { heading: 'WAITS-FOR', of: ({ waitsFor }) => waitsFor, shortens: true },
      { heading: 'SINCE', of: ({ waitsSince }) => age(waitsSince, now) },
      {
        heading: 'RATE',
        of: ({ progress, state }) =>
          progress === null || state !== 'running' ? null : rate(progress.bytesPerSecond),
        wide: true,
      },
      { heading: 'WORKER', of: ({ worker }) => worker, wide: true },
      { heading: 'CLASS', of: ({ storageClass }) => storageClass, wide: true },
    ],
  },
  limits: {
    singular: 'limit',
    nameOf: ({ scope }) => scope,
    columns: now => [
      { heading: 'SCOPE', of: ({ scope }) => scope },
      {
        heading: 'MAX-RUNNING',
        of: ({ maxRunning }) => (maxRunning === null ? null : String(maxRunning)),
        align: 'right',
      },
      {
        heading: 'MAX-RATE',
        of: ({ bytesPerSecond }) => (bytesPerSecond === null ? null : rate(bytesPerSecond)),
        align: 'right',
      },
      { heading: 'CHANGED-BY', of: ({ changedBy }) => changedBy },
      { heading: 'AGE', of: ({ changedAt }) => age(changedAt, now) },
    ],
  },
};

function stateCell(state: string): Cell {
  return { text: state, color: stateColor(state) };
}

const good = (text: string): Cell => ({ text, color: 'green' });
const bad = (text: string): Cell => ({ text, color: 'red' });

const PROOF_WORDS = { passed: 'proved', failed: 'probe failed', none: 'not proved yet' } as const;

function classWords({ name, snapshots, proof }: TargetClassView): string {
  return `${name} (${snapshots.how === 'none' ? 'no snapshots' : PROOF_WORDS[proof.outcome]})`;
}

/** What a layer does now, or why it does not. */
function layerNow(layer: LayerView): string | null {
  if (layer.flag === 'not wanted') return layer.reason;
  if (layer.flag === 'migrated') return null;
  if (layer.waitsFor !== null) return `waits for ${layer.waitsFor}`;
  if (layer.stepState !== 'running') return layer.stepState;
  return `copying ${percent(layer.bytesDone, layer.dataBytes + layer.zeroBytes)}%`;
}

function snapshotState({ kept, mergedInto, ready }: SnapshotView): Cell {
  if (!kept) return { text: `merged into ${mergedInto ?? 'nothing'}`, color: 'dim' };
  return ready ? good('ready') : { text: 'pending', color: 'yellow' };
}

const STRENGTH = [null, 'volume', 'sampled', 'full'] as const;

/** A VMware snapshot is proved as well as the least proved of its VolumeSnapshots. */
function weakestProof({ volumeSnapshots }: SnapshotView): string | null {
  const levels = volumeSnapshots.map(({ proof }) => STRENGTH.indexOf(proof));
  return levels.length === 0 ? null : (STRENGTH[Math.min(...levels)] ?? null);
}
