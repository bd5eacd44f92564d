/**
 * Names and descriptions come from the source: anybody who may rename a snapshot writes to the
 * terminal, the page or the report of whoever lists it. What moves the cursor, colours, reorders or
 * hides text is shown as an escape instead, so that a line stays one line and says what it seems to say.
 */

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Control characters (C0, C1, DEL; so every ANSI sequence), line and paragraph separators, what
 * steers the direction of text, what has no width and no use inside a name, tag characters, private
 * use, unassigned and half surrogates. ZWJ and ZWNJ stay: emoji and several scripts need them.
 */
const HOSTILE =
  /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/** More than a handful of marks on one letter is a picture across the neighbouring lines. */
const TOWER = /(?<=\p{M}{6})\p{M}/gu;

/** A backslash is doubled where it would read as one of our own escapes. */
const LOOKS_ESCAPED = /\\(?=[\\nrtxu])/g;

/** One line of text that shows everything that is in it, and does nothing. */
export function printable(text: string): string {
  if (/^[ -[\]-~]*$/.test(text)) return text;
  return text.replace(LOOKS_ESCAPED, '\\\\').replace(HOSTILE, escaped).replace(TOWER, escaped);
}

/** The first line that has something on it, for where only one line has room. */
export function firstLine(text: string): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).map(line => line.trim());
  const first = lines.find(line => line !== '') ?? '';
  return printable(first);
}

function escaped(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}
