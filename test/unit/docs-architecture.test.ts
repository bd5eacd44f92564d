// docs/architecture.md: its table of folders is the import walls' own, and the files that it names are there.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, page, root } from './pages';

interface Wall {
  readonly name: string;
  readonly comment: string;
}

const { text } = page('docs/architecture.md');
const engine = 'packages/engine/src';

/** Folder -> what it may import, from the comments that the walls carry. */
function walls(): Map<string, string[]> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a configuration, loaded as the linter does
  const { forbidden } = require(path.join(root, '.dependency-cruiser.js')) as { forbidden: Wall[] };
  const found = new Map<string, string[]>();
  for (const { comment } of forbidden) {
    const [, folder, list] = /^(\S+) may import only (.*)$/.exec(comment) ?? [];
    if (folder !== undefined && list !== undefined) found.set(folder, list.split(', '));
  }
  return found;
}

interface Row {
  readonly line: string;
  readonly folder: string;
  readonly contract: string;
  readonly mayImport: string;
}

/** Rows of the table behind the marker. */
function rows(): Row[] {
  const [, after = ''] = text.split('<!-- walls:');
  return [...after.matchAll(/^\| `(\w+)`\s*\| `([\w.-]+)`\s*\|[^|]*\| (.*?)\s*\|$/gm)].map(
    ([line, folder = '', contract = '', mayImport = '']) => ({ line, folder, contract, mayImport }),
  );
}

const all = walls();
const everywhere = all.get('queue') ?? [];
const isThere = (file: string): boolean => existsSync(path.join(root, engine, file));
const hasFiles = (folder: string): boolean =>
  filesBelow(path.join(engine, folder), file => file.endsWith('.ts')).length > 0;
/** The folders that make up the engine below its operations. */
const lower = [...all.keys()].slice(0, [...all.keys()].indexOf('worker') + 1);

/** What a folder may import, in the table's words; folders that are not there yet are left out. */
function wordsFor(folder: string): string {
  const own = (all.get(folder) ?? []).filter(entry => !everywhere.includes(entry));
  const present = own.filter(entry => {
    const place = entry.replace(/ \(types\)$/, '');
    return place.endsWith('.ts') ? isThere(place) : hasFiles(place);
  });
  if (present.length === 0) return 'nothing';
  if (!lower.every(entry => present.includes(entry))) return present.join(', ');
  return ['native to worker', ...present.filter(entry => !lower.includes(entry))].join(', ');
}

/** RENEW_DOCS=1 puts the walls' words into the table, instead of failing. */
function renew(): void {
  const renewed = rows().reduce((page, { line, folder, mayImport }) => {
    const at = line.lastIndexOf(`| ${mayImport}`);
    return page.replace(line, `${line.slice(0, at)}| ${wordsFor(folder)} |`);
  }, text);
  writeFileSync(path.join(root, 'docs/architecture.md'), renewed);
}

describe('the table of folders (RENEW_DOCS=1 renews what they may import)', () => {
  if (process.env['RENEW_DOCS'] !== undefined) afterAll(renew);

  it('has every folder of the walls that has files', () => {
    const folders = [...all.keys()].filter(hasFiles);
    expect(folders.length).toBeGreaterThan(8);
    expect(
      rows()
        .map(({ folder }) => folder)
        .sort(),
    ).toEqual(folders.sort());
  });

  it('names what every folder may import', () => {
    const [, sentence = ''] = /may\s+import itself and (.*?);/s.exec(text) ?? [];
    expect([...sentence.matchAll(/`([^`]+)`/g)].map(([, file]) => file)).toEqual(everywhere);
  });

  it.each(rows())('says of $folder what the wall says', ({ folder, contract, mayImport }) => {
    expect(mayImport).toBe(wordsFor(folder));
    expect(isThere(`${folder}/${contract}`)).toBe(true);
  });
});

it('every file that it names is there', () => {
  const named = [...text.matchAll(/`([\w./-]+\.(?:ts|sql|js|mjs))`/g)].map(([, file = '']) => file);
  const paths = named.filter(file => file.includes('/'));
  expect(paths.length).toBeGreaterThan(30);
  const lost = paths.filter(file =>
    [engine, '.', `${engine}/operations`].every(base => !existsSync(path.join(root, base, file))),
  );
  expect(lost).toEqual([]);
});

it('every table that it names is in the schema', () => {
  const schema = page(`${engine}/store/sql/schema.snapshot.txt`).text;
  const life = /^## The life of a migration.*?^## /ms.exec(text)?.[0] ?? '';
  const columns = [...life.matchAll(/`([a-z_]+)\.([a-z_]+)(?: = '\w+')?`/g)];
  expect(columns.length).toBeGreaterThan(5);
  for (const [, table = '', column = ''] of columns) {
    expect(schema).toMatch(new RegExp(`\\b${table}\\b`));
    expect(schema).toMatch(new RegExp(`\\b${column}\\b`));
  }
});
