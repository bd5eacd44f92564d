/**
 * Columns that text takes on a terminal: wcwidth's rules (two for East Asian wide and for emoji,
 * none for marks that stand on another letter), colour sequences not counted.
 */

// eslint-disable-next-line no-control-regex -- the sequences that our own palette writes
const SGR = /\x1b\[[0-9;]*m/g;
/** Emoji of several characters count as one. The flag is newer than our compile target, so no literal. */
const EMOJI = new RegExp('\\p{RGI_Emoji}', 'gv');
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
const WIDE_EMOJI = /^\p{Emoji_Presentation}$/u;

/** East Asian Width W and F (Unicode UAX 11) apart from emoji, which have a property of their own. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2fb],
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  const plain = text.replace(SGR, '').replace(EMOJI, '  ');
  let width = 0;
  for (const char of plain) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (code < 0x300) return code === 0xad ? 0 : 1;
  if (NO_WIDTH.test(char)) return 0;
  const regional = code >= 0x1f1e6 && code <= 0x1f1ff;
  if (WIDE_EMOJI.test(char) && !regional) return 2;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** Letters as a person sees them: a cut never separates a mark from its letter. */
function letters(text: string): string[] {
  if (/^[ -~]*$/.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
let segmenter: Intl.Segmenter | undefined;

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/**
 * Cuts the middle out: the start says what it is, the end (a number, a hash, an extension) which.
 * `text` is plain, without colours; the result has at most `width` columns.
 */
export function shortenMiddle(text: string, width: number, symbols: 'unicode' | 'ascii'): string {
  if (displayWidth(text) <= width) return text;
  const gap = symbols === 'unicode' ? '…' : '..';
  const room = width - gap.length;
  if (room < 2) return takeStart(letters(text), Math.max(0, width));
  const all = letters(text);
  const end = takeEnd(all, Math.floor(room / 2));
  const start = takeStart(all, room - displayWidth(end));
  return `${start}${gap}${end}`;
}

function takeStart(all: readonly string[], width: number): string {
  let taken = '';
  let used = 0;
  for (const letter of all) {
    const more = displayWidth(letter);
    if (used + more > width) break;
    taken += letter;
    used += more;
  }
  return taken;
}

function takeEnd(all: readonly string[], width: number): string {
  let from = all.length;
  let used = 0;
  while (from > 0) {
    const more = displayWidth(all[from - 1] ?? '');
    if (used + more > width) break;
    used += more;
    from -= 1;
  }
  return all.slice(from).join('');
}

/** The first `width` columns; colours that are open at the cut are closed. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  let left = width;
  let colored = false;
  let at = 0;
  for (const match of text.matchAll(SGR)) {
    const piece = takeStart(letters(text.slice(at, match.index)), left);
    out += piece;
    left -= displayWidth(piece);
    if (displayWidth(text.slice(at, match.index)) > displayWidth(piece))
      return closed(out, colored);
    out += match[0];
    colored = true;
    at = match.index + match[0].length;
  }
  return closed(out + takeStart(letters(text.slice(at)), left), colored);
}

function closed(text: string, colored: boolean): string {
  return colored ? `${text}\x1b[0m` : text;
}

/** Prose in lines of at most `width` columns, broken at spaces; a longer word is broken where it must. */
export function wrapWords(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(' ')) {
    let rest = word;
    let restWidth = displayWidth(rest);
    if (line !== '' && used + 1 + restWidth <= room) {
      line += ` ${rest}`;
      used += 1 + restWidth;
      continue;
    }
    if (line !== '') lines.push(line);
    while (restWidth > room) {
      const piece = takeStart(letters(rest), room) || (letters(rest)[0] ?? '');
      lines.push(piece);
      rest = rest.slice(piece.length);
      restWidth = displayWidth(rest);
    }
    line = rest;
    used = restWidth;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Whole parts from the first on, two spaces apart, as many as `width` has room for; the first is cut where it must be. */
export function joinFitting(parts: readonly string[], width: number): string {
  const [first = '', ...rest] = parts;
  let line = clip(first, width);
  for (const part of rest) {
    if (displayWidth(line) + 2 + displayWidth(part) > width) break;
    line += `  ${part}`;
  }
  return line;
}
