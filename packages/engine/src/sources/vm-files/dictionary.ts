/**
 * The syntax that .vmx and .vmsd share: one `key = "value"` a line. Keys are case-insensitive;
 * values may be unquoted and carry `|XX` escapes; the first line may name the encoding.
 * docs/formats/vm-folder.md lists the oddities and where each was seen.
 */
import iconv from 'iconv-lite';

import { EngineError } from '../../errors';

/** One assignment as written. */
export interface DictionaryEntry {
  /** Key as the file spells it. */
  readonly key: string;
  readonly value: string;
  /** 1-based. */
  readonly line: number;
}

/** Far above any real file: the largest seen .vmx has some 30 KiB. */
export const MAX_DICTIONARY_BYTES = 4 * 1024 * 1024;

/** A parsed file. Every look-up is by lower-cased key in a Map, so `__proto__` is a key like any other. */
export class Dictionary {
  readonly file: string;
  readonly encoding: string;
  private readonly byKey: ReadonlyMap<string, readonly DictionaryEntry[]>;

  constructor(file: string, encoding: string, entries: readonly DictionaryEntry[]) {
    this.file = file;
    this.encoding = encoding;
    const byKey = new Map<string, DictionaryEntry[]>();
    for (const entry of entries) {
      const key = entry.key.toLowerCase();
      const same = byKey.get(key);
      if (same) same.push(entry);
      else byKey.set(key, [entry]);
    }
    this.byKey = byKey;
  }

  /** All keys, lower-case, in the order of the file. */
  keys(): IterableIterator<string> {
    return this.byKey.keys();
  }

  /**
   * The value of a key; `undefined` when the file has none. Only keys that are asked for must be
   * unambiguous: VMware refuses a second definition, and a choice of ours could be the wrong one.
   * @throws EngineError VM_INVALID when the file gives the key two different values
   */
  get(key: string): string | undefined {
    return this.entry(key)?.value;
  }

  /** Like get, but an empty value counts as none: VMware clears keys in that way. */
  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined || value.trim() === '' ? undefined : value;
  }

  /** TRUE in any case (also `1`, `yes`); everything else, and absence, is false. */
  isTrue(key: string): boolean {
    return ['true', '1', 'yes', 'y', 't', 'on'].includes(
      (this.get(key) ?? '').trim().toLowerCase(),
    );
  }

  /** @throws EngineError VM_INVALID when the value is not a decimal integer that JavaScript holds exactly */
  integer(key: string): number | undefined {
    const entry = this.entry(key);
    if (entry === undefined || entry.value.trim() === '') return undefined;
    const value = Number(entry.value.trim());
    if (/^[+-]?\d+$/.test(entry.value.trim()) && Number.isSafeInteger(value)) return value;
    throw this.invalid(entry.line, `an integer for ${entry.key}`, JSON.stringify(entry.value));
  }

  /** 1-based line of a key, for messages. */
  line(key: string): number | undefined {
    return this.byKey.get(key.toLowerCase())?.[0]?.line;
  }

  invalid(line: number | undefined, expected: string, found: string): EngineError {
    return invalid(this.file, line, expected, found);
  }

  private entry(key: string): DictionaryEntry | undefined {
    const [first, ...others] = this.byKey.get(key.toLowerCase()) ?? [];
    if (first === undefined) return undefined;
    const other = others.find(entry => entry.value !== first.value);
    if (other === undefined) return first;
    throw this.invalid(
      other.line,
      `one value for ${first.key}`,
      `${JSON.stringify(first.value)} on line ${first.line} and ${JSON.stringify(other.value)} here`,
    );
  }
}

/**
 * @param file path for messages
 * @throws EngineError VM_INVALID with file and line when a line is no assignment, a quote is not
 * closed, the encoding is unknown, or the file is far too long or binary
 */
export function parseDictionary(file: string, bytes: Uint8Array): Dictionary {
  if (bytes.length > MAX_DICTIONARY_BYTES) {
    throw invalid(
      file,
      undefined,
      `at most ${MAX_DICTIONARY_BYTES} bytes`,
      `${bytes.length} bytes`,
    );
  }
  const encoding = encodingOf(file, bytes);
  const text = iconv.decode(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    encoding,
  );
  const entries: DictionaryEntry[] = [];
  text.split(/\r\n|\n|\r/).forEach((line, index) => {
    const entry = parseLine(file, line, index + 1, encoding);
    if (entry) entries.push(entry);
  });
  return new Dictionary(file, encoding, entries);
}

/**
 * What the file says of itself; a file that says nothing, or says UTF-8 and is not, is read as
 * UTF-8 where its bytes allow and else as windows-1252, in which every byte means something.
 */
function encodingOf(file: string, bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf16be';
  const latin = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const zero = latin.indexOf('\0');
  if (zero >= 0) throw invalid(file, lineAt(latin, zero), 'text', 'a NUL byte');
  const stated = /^[ \t]*\.encoding[ \t]*=[ \t]*"?([^"\r\n]*)"?/im.exec(latin);
  const name = stated?.[1]?.trim() ?? '';
  const isUtf8 = name === '' || /^utf-?8$/i.test(name);
  if (isUtf8) return isValidUtf8(bytes) ? 'utf8' : 'windows-1252';
  if (
    iconv.encodingExists(name) &&
    !/^(utf-?7|utf-?16|utf-?32|ucs|base64|hex|binary|internal)/i.test(name)
  )
    return name;
  throw invalid(file, lineAt(latin, stated?.index ?? 0), 'a known encoding', JSON.stringify(name));
}

function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function parseLine(
  file: string,
  raw: string,
  line: number,
  encoding: string,
): DictionaryEntry | undefined {
  const text = raw.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const equals = text.indexOf('=');
  const key = text.slice(0, Math.max(equals, 0)).trim();
  if (key === '' || /["\s]/.test(key))
    throw invalid(file, line, 'key = "value"', JSON.stringify(shorten(text)));
  const rest = text.slice(equals + 1).trim();
  return { key, value: unescapeBars(valueOf(file, rest, line), encoding), line };
}

/** Between the quotes; VMware writes a quote inside a value as `|22`, others leave it bare, so the last one closes. */
function valueOf(file: string, rest: string, line: number): string {
  if (!rest.startsWith('"')) return rest.replace(/\s+#.*$/, '');
  const close = rest.lastIndexOf('"');
  if (close === 0) throw invalid(file, line, 'a closing quote', JSON.stringify(shorten(rest)));
  const tail = rest.slice(close + 1).trim();
  if (tail !== '' && !tail.startsWith('#'))
    throw invalid(file, line, 'nothing after the closing quote', JSON.stringify(shorten(tail)));
  return rest.slice(1, close);
}

/** `|22` is a quote, `|7C` a bar, `|0A` a line feed; runs above 7F are bytes of the file's encoding. A bar without two digits is a bar. */
export function unescapeBars(value: string, encoding: string): string {
  return value.replace(/(?:\|[0-9a-f]{2})+/gi, run =>
    iconv.decode(Buffer.from(run.replaceAll('|', ''), 'hex'), encoding),
  );
}

/**
 * Names shown to people carry `%XX` too: the API demands it for `%`, `/` and `\`. A name that
 * would not be UTF-8 afterwards was never escaped and stays as it is.
 */
export function unescapePercents(name: string): string {
  try {
    return name.replace(/(?:%[0-9a-f]{2})+/gi, run => decodeURIComponent(run));
  } catch {
    return name;
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function invalid(
  file: string,
  line: number | undefined,
  expected: string,
  found: string,
): EngineError {
  return new EngineError('VM_INVALID', {
    where: { file, ...(line === undefined ? {} : { line }) },
    expected,
    found,
    hint: 'Open the file in a text editor and mend the line, or copy the file from the host again.',
  });
}
