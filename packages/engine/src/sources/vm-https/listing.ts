/**
 * Names in a folder from the listing that a server makes of it: HTML of whatever server (its links),
 * or the JSON of nginx and Caddy. A listing is data from outside: only a link to something directly
 * below the folder itself, on the same server and with the same query, counts; all else is passed
 * over. What a name is (never where it leads) is all that is taken from it.
 */
import type { ListedEntry } from '../vm-files/vm-folders';
import { decodedPath, isPlainName } from './server-place';

/**
 * @param folder what was asked for; its path ends with a slash
 * @param query of the source: the datastore browser of vSphere repeats it in every link
 */
export function entriesOfHtml(html: string, folder: URL, query: string): readonly ListedEntry[] {
  const visible = html.replace(
    /<!--[\s\S]*?(?:-->|$)|<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi,
    '',
  );
  const entries = new Map<string, ListedEntry>();
  for (const { href, words } of linksOf(visible)) {
    const name = nameBelow(href, folder, query);
    if (name === undefined) continue;
    const kind = name.slash || words.trimEnd().endsWith('/') ? 'folder' : 'file';
    // A listing that says both says nothing.
    const other = entries.get(name.plain);
    if (other === undefined || kind === 'folder')
      entries.set(name.plain, { name: name.plain, kind });
  }
  return [...entries.values()];
}

/** `undefined` when it is not a listing. */
export function entriesOfJson(text: string): readonly ListedEntry[] | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Caddy says null for an empty folder.
  if (said === null) return [];
  if (!Array.isArray(said)) return undefined;
  const entries = new Map<string, ListedEntry>();
  for (const item of said as unknown[]) {
    if (typeof item !== 'object' || item === null) return undefined;
    const { name, ...facts } = item as Record<string, unknown>;
    if (typeof name !== 'string') return undefined;
    const plain = name.replace(/\/$/, '');
    if (isPlainName(plain)) entries.set(plain, { name: plain, kind: kindOf(name, facts) });
  }
  return [...entries.values()];
}

function kindOf(name: string, facts: Record<string, unknown>): ListedEntry['kind'] {
  const { type, is_dir: isFolder, is_symlink: isLink } = facts;
  if (isLink === true) return 'other';
  if (type === 'directory' || isFolder === true || name.endsWith('/')) return 'folder';
  return type === 'file' || isFolder === false ? 'file' : 'other';
}

interface Link {
  readonly href: string;
  /** What is shown; it may be cut short, so it is no name. */
  readonly words: string;
}

function* linksOf(html: string): Generator<Link> {
  // Tag by tag: each look is bounded by the next angle bracket, so no page makes it slow.
  const anchor = /<a\s([^<>]*)>([^<]*)/gi;
  for (const [, attributes = '', words = ''] of html.matchAll(anchor)) {
    const href = /(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(attributes);
    if (href !== null) yield { href: plainText(href[1] ?? href[2] ?? href[3] ?? ''), words };
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function plainText(html: string): string {
  return html.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (entity, decimal?: string, hex?: string, named?: string) => {
      if (named !== undefined) return ENTITIES[named.toLowerCase()] ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : entity;
    },
  );
}

interface NameBelow {
  readonly plain: string;
  /** The link says that it is a folder. */
  readonly slash: boolean;
}

function nameBelow(href: string, folder: URL, query: string): NameBelow | undefined {
  if (!URL.canParse(href, folder.href)) return undefined;
  const target = new URL(href, folder);
  if (target.origin !== folder.origin || target.username !== '' || target.password !== '')
    return undefined;
  if (!sameQuery(target.search, query)) return undefined;
  if (!target.pathname.startsWith(folder.pathname)) {
    return nameInOtherSpelling(target, folder);
  }
  return oneName(target.pathname.slice(folder.pathname.length));
}

/** Servers encode a path in their own ways: `(`, `~` and the like with a percent sign or without. */
function nameInOtherSpelling(target: URL, folder: URL): NameBelow | undefined {
  const parts = target.pathname.split('/');
  const own = folder.pathname.split('/').slice(0, -1);
  const isBelow = own.every((part, at) => {
    const decoded = decodedPath(part);
    return decoded !== undefined && decoded === decodedPath(parts[at] ?? '%');
  });
  return isBelow ? oneName(parts.slice(own.length).join('/')) : undefined;
}

function oneName(rest: string): NameBelow | undefined {
  const [, encoded = '', slash = ''] = /^([^/]+)(\/?)$/.exec(rest) ?? [];
  const plain = decodedPath(encoded);
  return plain === undefined || !isPlainName(plain) ? undefined : { plain, slash: slash !== '' };
}

/** Compared with all percent signs undone: vSphere encodes the datacenter in its own links twice. */
function sameQuery(one: string, other: string): boolean {
  return fullyDecoded(one) === fullyDecoded(other);
}

function fullyDecoded(query: string): string {
  const parts = query
    .replace(/^\?/, '')
    .split('&')
    .filter(part => part !== '');
  return parts
    .map(part => {
      let plain = part.replaceAll('+', ' ');
      for (let round = 0; round < 3; round++) plain = decodedPath(plain) ?? plain;
      return plain;
    })
    .sort()
    .join('&');
}
