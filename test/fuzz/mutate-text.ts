import type { Dice } from './dice';
import type { PatchedFile } from './patched-file';

const NUMBERS = [
  '0',
  '1',
  '-1',
  '2',
  '511',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551615',
  '99999999999999999999999',
  '1e9',
  '0x10',
  '',
  ' ',
  'NaN',
];
const NAMES = [
  '../outside.vmdk',
  '../outside-flat.vmdk',
  '/etc/passwd',
  '..\\outside.vmdk',
  'C:\\outside.vmdk',
  '..',
  '.',
  '',
  'disk.vmdk',
  'base.vmdk',
  'no-such-file.vmdk',
  'a\0b',
  'nbd:localhost:1',
  'json:{}',
  'sub/../../outside.vmdk',
  '//outside.vmdk',
  'é😀"x',
];
const TYPES = [
  'FLAT',
  'VMFS',
  'SPARSE',
  'ZERO',
  'VMFSSPARSE',
  'SESPARSE',
  'VMFSRDM',
  'VMFSRAW',
  'VSANSPARSE',
  'SPARES',
];
const CREATE_TYPES = [
  'monolithicSparse',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  '2GbMaxExtentFlat',
  'streamOptimized',
  'vmfs',
  'vmfsSparse',
  'seSparse',
  'custom',
  'vsanSparse',
  'fullDevice',
  '__proto__',
  'constructor',
  '',
];
const LINES = [
  'RW 100 ZERO',
  'RW 0 ZERO',
  'CID=ffffffff',
  'parentCID=11112222',
  'parentCID=22223333',
  'parentFileNameHint="disk.vmdk"',
  'parentFileNameHint="base.vmdk"',
  '__proto__="x"',
  'constructor=1',
  'encoding="UTF-16"',
  'encoding="GBK"',
  'version=4',
  'ddb.encoding = "Shift_JIS"',
  '=',
  '"',
  'RW',
  'RW 1',
  'RW 1 FLAT',
  'RW 1 FLAT "',
];

export interface TextPlace {
  /** The file holds nothing else. */
  readonly whole: boolean;
  readonly offset: number;
  readonly length: number;
}

/** One change of a descriptor. A whole file may become longer; an embedded text is cut to its room. */
export function mutateText(dice: Dice, file: PatchedFile, place: TextPlace): string {
  const before = textBefore(file.bytesAt(place.offset, place.length));
  const lines = before.split('\n');
  const at = dice.below(lines.length);
  const line = lines[at] ?? '';
  const put = (text: string): string => {
    lines[at] = text;
    return `line ${at + 1} ${JSON.stringify(short(line))} became ${JSON.stringify(short(text))}`;
  };
  const what = ((): string => {
    switch (dice.below(12)) {
      case 0:
      case 1:
        return put(line.replace(/\d+/g, number => (dice.chance(60) ? dice.pick(NUMBERS) : number)));
      case 2:
        return onExtent(dice, lines, text => text.replace(/\d+/, dice.pick(NUMBERS)));
      case 3:
        return onExtent(dice, lines, text => text.replace(/"[^"]*"/, `"${dice.pick(NAMES)}"`));
      case 4:
        return onExtent(dice, lines, text =>
          text.replace(/^(\w+ \d+) \w+/, `$1 ${dice.pick(TYPES)}`),
        );
      case 5:
        return onLine(lines, /createType/, text =>
          text.replace(/"[^"]*"/, `"${dice.pick(CREATE_TYPES)}"`),
        );
      case 6:
        return onLine(lines, /parentFileNameHint/, text =>
          text.replace(/"[^"]*"/, `"${dice.pick(NAMES)}"`),
        );
      case 7:
        lines.splice(at, 0, dice.pick(LINES));
        return `new line ${at + 1}: ${lines[at] ?? ''}`;
      case 8:
        lines.splice(at, 1);
        return `without line ${at + 1}`;
      case 9:
        lines.splice(at, 0, ...lines.slice(at, at + 1 + dice.below(5)));
        return `line ${at + 1} and those behind it twice`;
      case 10:
        return put(
          line +
            String.fromCharCode(dice.below(256)).repeat(
              dice.pick([1, 2, 100, 5_000, place.whole ? 2_000_000 : 300]),
            ),
        );
      default:
        return put(
          line.slice(0, dice.below(line.length + 1)) +
            String.fromCharCode(dice.below(256)) +
            line.slice(dice.below(line.length + 1)),
        );
    }
  })();
  write(file, place, lines.join('\n'));
  return what;
}

/** Without the zeros that fill its room. */
function textBefore(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.toString('latin1', 0, end);
}

function onExtent(dice: Dice, lines: string[], change: (line: string) => string): string {
  const extents = lines
    .map((line, index) => ({ line, index }))
    .filter(({ line }) => /^(RW|RDONLY|NOACCESS) /.test(line));
  if (extents.length === 0) return 'nothing';
  const { line, index } = dice.pick(extents);
  lines[index] = change(line);
  return `${JSON.stringify(line)} became ${JSON.stringify(lines[index])}`;
}

function onLine(lines: string[], which: RegExp, change: (line: string) => string): string {
  const index = lines.findIndex(line => which.test(line));
  if (index < 0) return 'nothing';
  const line = lines[index] ?? '';
  lines[index] = change(line);
  return `${JSON.stringify(line)} became ${JSON.stringify(lines[index])}`;
}

function write(file: PatchedFile, place: TextPlace, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  if (place.whole) {
    file.patch(0, bytes);
    file.sizeBytes = bytes.length;
    return;
  }
  const room = Buffer.alloc(place.length);
  bytes.copy(room);
  file.patch(place.offset, room);
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}… (${text.length})` : text;
}
