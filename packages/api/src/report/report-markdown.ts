/**
 * What was done, as Markdown that stands on its own years later: per VMware snapshot its files and
 * manifests, VolumeSnapshots, bytes, digests, kind of proof and times; what is not claimed; how
 * anybody checks a digest with stock tools.
 */
import type { ReportView } from '../views';
import { bytes, count, duration } from '../words/figures';
import { printable } from '../words/printable';
import { HOW_TO_CHECK, notClaimed } from './report-notes';

type ReportedSnapshot = ReportView['snapshots'][number];
type ReportedDisk = ReportedSnapshot['disks'][number];

export function reportMarkdown(report: ReportView): string {
  const { migration } = report;
  const names = new Map(report.snapshots.map(({ id, name }) => [id, name]));
  return [
    `# Migration of ${text(migration.vm)}`,
    '',
    ...factLines(report),
    '',
    '## Snapshots',
    '',
    ...summaryTable(report),
    ...report.snapshots.flatMap(snapshot => ['', ...snapshotLines(snapshot, names)]),
    '',
    '## Current state',
    '',
    ...currentTable(report),
    ...findingLines(report),
    '',
    '## What this report does not claim',
    '',
    ...notClaimed(report).map(each => `- ${each}`),
    '',
    ...HOW_TO_CHECK,
    '',
  ].join('\n');
}

function factLines({
  migration,
  namespace,
  planDigest,
  moverImage,
  storeId,
  generatedAt,
  totals,
}: ReportView): string[] {
  const { data, zeros, written } = {
    data: exact(totals.dataBytes),
    zeros: exact(totals.zeroBytes),
    written: exact(totals.writtenBytes),
  };
  return table(
    ['', ''],
    [
      ['Migration', code(migration.id)],
      ['VM', `${text(`${migration.source}/${migration.vm}`)}, id ${code(migration.vmId)}`],
      [
        'Target',
        text(migration.target) + (namespace === null ? '' : `, namespace ${text(namespace)}`),
      ],
      ['State', migration.state],
      ['Snapshots ready', `${migration.snapshots.ready} of ${migration.snapshots.total}`],
      [
        'Layers migrated',
        `${migration.layers.migrated} of ${migration.layers.total - migration.layers.notWanted}${migration.layers.notWanted > 0 ? `, ${migration.layers.notWanted} not wanted` : ''}`,
      ],
      ['Read', `${data} of data, ${zeros} of zeros`],
      ['Written', written],
      ['Started', `${migration.createdAt} by ${text(migration.startedBy)}`],
      [
        'Finished',
        migration.finishedAt === null
          ? 'not yet'
          : `${migration.finishedAt}${totals.durationMs === null ? '' : `, after ${duration(totals.durationMs)}`}`,
      ],
      ['Plan digest', code(planDigest)],
      ...(moverImage === undefined ? [] : [['Mover image', code(moverImage)] as [string, string]]),
      ['Store', code(storeId)],
      ['Report made', generatedAt],
    ],
  );
}

function summaryTable({ snapshots }: ReportView): string[] {
  return table(
    ['VMware snapshot', 'taken', 'VolumeSnapshots', 'state', 'proof'],
    snapshots.map(snapshot => [
      text(snapshot.name),
      snapshot.createdAt ?? 'not known',
      snapshot.disks.map(({ volumeSnapshot }) => code(volumeSnapshot.name)).join('<br>') || 'none',
      stateWords(snapshot),
      [...new Set(snapshot.disks.map(({ proof }) => proof.kind ?? 'none'))].join(', ') || 'none',
    ]),
  );
}

function stateWords({ kept, mergedInto, readyAt }: ReportedSnapshot): string {
  if (!kept) return mergedInto === null ? 'not kept' : 'not kept: merged';
  return readyAt === null ? '**not ready**' : 'ready';
}

function snapshotLines(snapshot: ReportedSnapshot, names: ReadonlyMap<string, string>): string[] {
  const parent =
    snapshot.parentId === null ? 'none' : text(names.get(snapshot.parentId) ?? snapshot.parentId);
  const facts = [
    `taken ${snapshot.createdAt ?? 'at a time that is not known'}`,
    `parent: ${parent}`,
    snapshot.quiesced === null
      ? 'not known whether quiesced'
      : snapshot.quiesced
        ? 'quiesced'
        : 'not quiesced',
    ...(snapshot.memory ? ['with a memory image, which was not carried over'] : []),
  ];
  const into = snapshot.mergedInto;
  const fate = snapshot.kept
    ? snapshot.readyAt === null
      ? '**Not ready.**'
      : `Ready since ${snapshot.readyAt}.`
    : `Not kept${into === null ? '' : `: its changes are part of ${into === 'current' ? 'the current state' : text(names.get(into) ?? into)}`}.`;
  return [
    `### ${text(snapshot.name) || 'no name'} (id ${text(snapshot.id)})`,
    '',
    ...snapshot.description
      .split(/\r\n|[\r\n]/)
      .filter(line => line.trim() !== '')
      .map(line => `> ${text(line)}`),
    ...(snapshot.description.trim() === '' ? [] : ['']),
    `${facts.join('; ')}. ${fate}`,
    ...snapshot.disks.flatMap(disk => ['', ...diskLines(disk)]),
  ];
}

function diskLines({ disk, volumeSnapshot, layers, proof }: ReportedDisk): string[] {
  const own = layers.reduce((sum, layer) => sum + layer.dataBytes + layer.zeroBytes, 0);
  return [
    `#### Disk ${text(disk)}`,
    '',
    ...table(
      ['', ''],
      [
        ['VolumeSnapshot', code(volumeSnapshot.name)],
        ['Handle', volumeSnapshot.handle === null ? 'none' : code(volumeSnapshot.handle)],
        ['Size of the state', exact(volumeSnapshot.stateSizeBytes)],
        [
          'Digest of the whole state',
          volumeSnapshot.stateDigest === null ? 'none' : code(volumeSnapshot.stateDigest),
        ],
        [
          'Digest of the whole volume',
          volumeSnapshot.volumeDigest === null ? 'none' : code(volumeSnapshot.volumeDigest),
        ],
        ['Ready', volumeSnapshot.readyAt ?? 'not yet'],
        [
          'Proof',
          `${proof.kind ?? 'none'}: ${text(proof.words)}${proof.at === null ? '' : `, ${proof.at}`}`,
        ],
      ],
    ),
    '',
    `Made of ${count(layers.length, 'layer')}, base first, ${exact(own)} of their own:`,
    '',
    ...table(
      [
        'file',
        'format',
        'data',
        'zeros',
        'written',
        'manifest',
        'digest of what was read',
        'migrated',
        'read back',
      ],
      layers.map(layer => [
        code(layer.file),
        text(layer.format),
        bytes(layer.dataBytes),
        bytes(layer.zeroBytes),
        layer.writtenBytes === null ? 'not written' : bytes(layer.writtenBytes),
        code(layer.manifestDigest),
        layer.windowsDigest === null ? 'none' : code(layer.windowsDigest),
        layer.finishedAt ?? layer.flag,
        layer.readBackBy === null ? 'no' : text(layer.readBackBy),
      ]),
    ),
    ...layers.flatMap(layer => manifestLines(layer.file, layer.manifest)),
  ];
}

/** The files behind a layer as they were when it was read. */
function manifestLines(file: string, manifest: unknown): string[] {
  const files = filesOf(manifest);
  if (files.length === 0) return [];
  return [
    '',
    `Files of ${code(file)}:`,
    '',
    ...table(
      ['file', 'size', 'changed (ns since 1970)', 'counters'],
      files.map(each => [
        code(String(each['name'] ?? '?')),
        `${String(each['sizeBytes'] ?? '?')} B`,
        text(String(each['mtimeNs'] ?? '?')),
        Object.entries(recordOf(each['counters']))
          .map(([key, value]) => `${text(key)} ${text(String(value))}`)
          .join(', ') || 'none',
      ]),
    ),
  ];
}

function filesOf(manifest: unknown): readonly Readonly<Record<string, unknown>>[] {
  const files = recordOf(manifest)['files'];
  return Array.isArray(files) ? files.map(recordOf) : [];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function currentTable({ current }: ReportView): string[] {
  if (current.length === 0) return ['The VM has no disks in its current state.'];
  return table(
    ['disk', 'volume', 'newest layer', 'digest of the whole state'],
    current.map(({ disk, volume, layerFile, stateDigest }) => [
      text(disk),
      volume === null ? '**not migrated**' : code(volume),
      code(layerFile),
      stateDigest === null ? 'none' : code(stateDigest),
    ]),
  );
}

function findingLines({ findings }: ReportView): string[] {
  if (findings.length === 0) return [];
  return [
    '',
    '## Findings',
    '',
    ...table(
      ['finding', 'severity', 'what', 'accepted by'],
      findings.map(({ id, severity, object, cause, acceptedBy }) => [
        code(id),
        severity,
        `${text(object)}: ${text(cause)}`,
        acceptedBy === undefined ? '' : text(acceptedBy),
      ]),
    ),
  ];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)];
}

function exact(number: number): string {
  return number < 1024 ? `${number} B` : `${bytes(number)} (${number} B)`;
}

/** Names are data: no Markdown, no HTML, no new table cell comes out of them. */
function text(value: string): string {
  return printable(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replace(/:\/\//g, ':&#47;&#47;');
}

/** In a code span nothing is read but the backtick, and the bar, which ends a cell even there. */
function code(value: string): string {
  const shown = printable(value).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return shown === '' ? '' : `${fence}${pad}${shown}${pad}${fence}`;
}
