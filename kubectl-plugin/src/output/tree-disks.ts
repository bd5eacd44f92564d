/**
 * The lines under a snapshot: per disk its slot, layer file, own bytes, state, and the
 * VolumeSnapshot with digest and proof. Columns are the same in the whole tree. Where the
 * VolumeSnapshot does not fit beside the rest it has a line of its own, because its name is what
 * people copy.
 */
import type { ProofView, TreeDiskView } from '@vm-migrate/api';
import { clip, displayWidth, padEnd, padStart, shortenMiddle } from './display-width';
import { printable } from './escape';
import { bytes } from './format';
import { marksOf } from './marks';
import { stateColor } from './state-color';
import type { Style } from './style';

const GAP = '  ';
const DIGEST_SHOWN = 12;
const SHORTEST_NAME = 12;

interface DiskCells {
  readonly slot: string;
  readonly file: string;
  readonly bytes: string;
  readonly state: string;
  readonly cut: CutCells | undefined;
}

interface CutCells {
  readonly name: string;
  readonly digest: string;
  readonly proof: string;
}

/** @param disks all disks that will be shown: they decide the columns */
export function diskTable(
  disks: readonly TreeDiskView[],
  style: Style,
): (disk: TreeDiskView, room: number) => string[] {
  const cells = new Map(disks.map(disk => [disk, cellsOf(disk)]));
  const all = [...cells.values()];
  const widest = (of: (cell: DiskCells) => string): number =>
    all.reduce((most, cell) => Math.max(most, displayWidth(of(cell))), 0);
  const widths = {
    slot: widest(cell => cell.slot),
    file: widest(cell => cell.file),
    bytes: widest(cell => cell.bytes),
    state: widest(cell => cell.state),
    cut: all.reduce((most, { cut }) => Math.max(most, cut === undefined ? 0 : wholeCut(cut)), 0),
  };
  return (disk, room) => linesOf(cells.get(disk) ?? cellsOf(disk), widths, room, style);
}

function cellsOf(disk: TreeDiskView): DiskCells {
  const cut = disk.volumeSnapshot;
  return {
    slot: printable(disk.disk),
    file: printable(disk.layerFile),
    bytes: ownBytes(disk),
    state: printable(disk.state),
    cut:
      cut === null
        ? undefined
        : {
            name: printable(cut.name),
            digest: cut.stateDigest === null ? '' : cut.stateDigest.slice(0, DIGEST_SHOWN),
            proof:
              cut.state === 'planned'
                ? 'planned'
                : cut.state === 'removed'
                  ? 'removed'
                  : proofWords(cut.proof),
          },
  };
}

function ownBytes({ dataBytes, zeroBytes }: TreeDiskView): string {
  return dataBytes === null ? '-' : bytes(dataBytes + (zeroBytes ?? 0));
}

/** Short; the report says each at length. */
export function proofWords(proof: ProofView | null): string {
  switch (proof) {
    case 'volume':
      return 'volume read back';
    case 'sampled':
      return 'restore sampled';
    case 'full':
      return 'proved whole';
    case null:
      return 'not proved';
  }
}

function wholeCut({ name, digest, proof }: CutCells): number {
  return [name, digest, proof]
    .filter(part => part !== '')
    .reduce((sum, part) => sum + displayWidth(part) + GAP.length, 0);
}

interface Widths {
  readonly slot: number;
  readonly file: number;
  readonly bytes: number;
  readonly state: number;
  readonly cut: number;
}

function linesOf(cells: DiskCells, widths: Widths, room: number, style: Style): string[] {
  const arrow = marksOf(style).arrow;
  const fixed = widths.slot + widths.bytes + 3 * GAP.length;
  const besides = widths.cut === 0 ? 0 : GAP.length + arrow.length + 1 + widths.cut;
  const oneLine = fixed + widths.file + widths.state + besides <= room;
  const fileRoom = Math.max(SHORTEST_NAME, room - fixed - widths.state);
  const file = Math.min(widths.file, fileRoom);
  const stateRoom = Math.max(0, room - fixed - file);
  const first = diskLine(cells, { ...widths, file }, stateRoom, style);
  if (cells.cut === undefined) return [cropped(first)];
  const indent = widths.slot + GAP.length;
  if (oneLine)
    return [
      cropped([...first, `${GAP}${arrow} ${cutLines(cells.cut, Infinity, style).join(GAP)}`]),
    ];
  const [head = '', ...rest] = cutLines(cells.cut, room - indent - arrow.length - 1, style);
  return [
    cropped(first),
    `${' '.repeat(indent)}${arrow} ${head}`,
    ...rest.map(line => ' '.repeat(indent + arrow.length + 1) + line),
  ];
}

function diskLine(
  cells: DiskCells,
  widths: Omit<Widths, 'cut'>,
  stateRoom: number,
  style: Style,
): string[] {
  const { palette, symbols } = style;
  const state = shortenMiddle(cells.state, stateRoom, symbols);
  return [
    padEnd(cells.slot, widths.slot),
    GAP,
    padEnd(shortenMiddle(cells.file, widths.file, symbols), widths.file),
    GAP,
    padStart(cells.bytes, widths.bytes),
    GAP,
    palette[stateColor(cells.state)](state),
    ' '.repeat(Math.max(0, widths.state - displayWidth(state))),
  ];
}

function cropped(parts: readonly string[]): string {
  return parts.join('').trimEnd();
}

/** The object's name, with digest and proof behind it where they fit, else under it. */
function cutLines(
  { name, digest, proof }: CutCells,
  room: number,
  { palette, symbols }: Style,
): string[] {
  const extras = [digest === '' ? '' : palette.dim(digest), palette[proofColor(proof)](proof)]
    .filter(part => part !== '')
    .join(GAP);
  const fits = displayWidth(name) + GAP.length + displayWidth(extras) <= room;
  return fits
    ? [`${name}${GAP}${extras}`]
    : [shortenMiddle(name, room, symbols), clip(extras, room)];
}

function proofColor(words: string): 'green' | 'dim' {
  return words === 'proved whole' || words === 'restore sampled' ? 'green' : 'dim';
}
