/** Turns a valid disk into a mutant. The same item and seed give the same mutant, always. */
import type { CorpusItem, Target } from './corpus';
import { Dice } from './dice';
import { mutateText, type TextPlace } from './mutate-text';
import type { PatchedFile } from './patched-file';

export interface Mutant {
  readonly item: string;
  readonly seed: number;
  readonly disk: string;
  readonly files: ReadonlyMap<string, PatchedFile>;
  /** What was done, for people. */
  readonly recipe: readonly string[];
}

export function makeMutant(item: CorpusItem, seed: number): Mutant {
  const dice = new Dice(seed);
  const files = new Map([...item.files].map(([name, file]) => [name, file.copy()]));
  const recipe: string[] = [];
  const count = 1 + dice.below(dice.chance(20) ? 8 : 3);
  for (let i = 0; i < count; i++) recipe.push(mutateOnce(dice, item, files));
  return { item: item.name, seed, disk: item.disk, files, recipe };
}

function mutateOnce(dice: Dice, item: CorpusItem, files: Map<string, PatchedFile>): string {
  const name = dice.pick([...files.keys()]);
  const file = files.get(name) as PatchedFile;
  const text = textOf(file);
  if (text !== undefined && (text.whole || dice.chance(25)))
    return `${name}: ${mutateText(dice, file, text)}`;
  const kind = dice.below(100);
  if (kind < 8) return `${name}: ${resize(dice, file)}`;
  if (kind < 16) return splice(dice, name, files);
  return damage(dice, item, files);
}

/** Changes a number or some bits where a header or a table stands. */
function damage(dice: Dice, item: CorpusItem, files: Map<string, PatchedFile>): string {
  const target =
    dice.chance(50) && item.targets.length > 0
      ? dice.pick(item.targets)
      : headerTarget(dice, files);
  const file = files.get(target.file);
  if (file === undefined) return 'nothing';
  const width = dice.pick([1, 2, 4, 4, 4, 8, 8]);
  const offset = target.offset + alignedBelow(dice, target.length, width);
  const bytes = file.bytesAt(offset, width);
  if (bytes.length < width) return 'nothing';
  const was = bytes.toString('hex');
  change(dice, bytes, file.sizeBytes);
  file.patch(offset, bytes);
  return `${target.file}: bytes at ${offset} from ${was} to ${bytes.toString('hex')}`;
}

function headerTarget(dice: Dice, files: Map<string, PatchedFile>): Target {
  const name = dice.pick([...files.keys()]);
  const sizeBytes = files.get(name)?.sizeBytes ?? 0;
  const place = dice.below(10);
  if (place < 5) return { file: name, offset: 0, length: 256 };
  if (place < 7) return { file: name, offset: 0, length: Math.min(sizeBytes, 2048) };
  // Footer and markers of a stream.
  if (place < 8)
    return { file: name, offset: Math.max(0, sizeBytes - 1536), length: Math.min(sizeBytes, 1536) };
  return { file: name, offset: 0, length: Math.min(sizeBytes, 256 * 1024) };
}

function alignedBelow(dice: Dice, length: number, width: number): number {
  const offset = dice.below(length);
  return dice.chance(85) ? offset - (offset % Math.min(width, 4)) : offset;
}

/** Where formats break: the ends of their ranges, and the ends of this file. */
function interesting(dice: Dice, fileBytes: number): bigint {
  const sectors = BigInt(Math.floor(fileBytes / 512));
  const values = [
    0n,
    1n,
    2n,
    3n,
    4n,
    5n,
    7n,
    8n,
    21n,
    63n,
    64n,
    127n,
    128n,
    511n,
    512n,
    513n,
    2048n,
    4096n,
    4097n,
    0xffffn,
    0x1_0000n,
    0x20_0000n,
    0x7fff_ffffn,
    0x8000_0000n,
    0xffff_fffen,
    0xffff_ffffn,
    0x1_0000_0000n,
    1n << 44n,
    (1n << 53n) - 1n,
    1n << 53n,
    1n << 60n,
    2n << 60n,
    3n << 60n,
    1n << 63n,
    (1n << 64n) - 1n,
    (1n << 64n) - 512n,
    0x1000_0000n << 32n,
    sectors,
    sectors - 1n,
    sectors + 1n,
    sectors * 512n,
  ];
  return dice.pick(values) & ((1n << 64n) - 1n);
}

function change(dice: Dice, bytes: Buffer, fileBytes: number): void {
  const wide = Buffer.alloc(8);
  bytes.copy(wide);
  const value = wide.readBigUInt64LE();
  const all = (1n << 64n) - 1n;
  switch (dice.below(5)) {
    case 0:
      wide.writeBigUInt64LE(value ^ (1n << BigInt(dice.below(bytes.length * 8))));
      break;
    case 1:
      wide.writeBigUInt64LE((value + BigInt(dice.below(33) - 16)) & all);
      break;
    case 2:
      for (let i = 0; i < bytes.length; i++) wide[i] = dice.below(256);
      break;
    default:
      wide.writeBigUInt64LE(interesting(dice, fileBytes));
  }
  wide.copy(bytes, 0, 0, bytes.length);
}

/** Cuts the file short, or makes it longer by zeros, up to sizes that only a hole can have. */
function resize(dice: Dice, file: PatchedFile): string {
  const was = file.sizeBytes;
  const sizes = [
    0,
    3,
    4,
    511,
    512,
    513,
    2047,
    dice.below(4096),
    dice.below(was),
    was - 1,
    was - 512,
    was + 1,
    was + 512,
    was + 4096,
    2 ** 32,
    2 ** 40,
    2 ** 52,
  ];
  file.sizeBytes = Math.max(0, dice.pick(sizes));
  return `size from ${was} to ${file.sizeBytes}`;
}

/** Copies a stretch of one file over another place. */
function splice(dice: Dice, name: string, files: Map<string, PatchedFile>): string {
  const from = dice.pick([...files.keys()]);
  const source = files.get(from) as PatchedFile;
  const target = files.get(name) as PatchedFile;
  const length = dice.pick([4, 8, 64, 512, 512, 2048, 4096, 65_536]);
  const step = dice.pick([1, 8, 512, 512]);
  const place = (file: PatchedFile): number => {
    const offset = dice.below(Math.min(file.sizeBytes, dice.pick([4096, 1 << 20, file.sizeBytes])));
    return offset - (offset % step);
  };
  const [at, to] = [place(source), place(target)];
  target.patch(to, source.bytesAt(at, length));
  return `${name}: ${length} bytes at ${to} taken from ${from} at ${at}`;
}

/** Where a descriptor stands, as far as an undamaged header can tell. */
function textOf(file: PatchedFile): TextPlace | undefined {
  const head = file.bytesAt(0, 512);
  if (head.length < 512 && !head.includes('Disk')) return undefined;
  const start = head.toString('latin1', 0, 32);
  if (start.startsWith('# Disk'))
    return { whole: true, offset: 0, length: Math.min(file.sizeBytes, 65_536) };
  if (!start.startsWith('KDMV')) return undefined;
  const [offset, length] = [
    Number(head.readBigUInt64LE(28)) * 512,
    Number(head.readBigUInt64LE(36)) * 512,
  ];
  if (offset <= 0 || length <= 0 || length > 65_536 || offset + length > file.sizeBytes)
    return undefined;
  return { whole: false, offset, length };
}
