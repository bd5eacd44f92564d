// Links lead somewhere, every page is in the index, and no page knows a machine of ours.
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { documentation, filesBelow, page, pages, root, type Page } from './pages';

/** Of Markdown; an expression in a template only looks like one. */
const links = ({ file, text }: Page): string[] =>
  file.endsWith('.md')
    ? [...text.replace(/^```.*?^```/gms, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
        ([, target = '']) => target,
      )
    : [];

/** As GitHub makes the anchor of a heading. */
const anchorsOf = (file: string): string[] =>
  [...page(file).text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  );

function leadsNowhere({ file }: Page, target: string): boolean {
  if (/^(https?|mailto):/.test(target)) return false;
  const [place = '', anchor] = target.split('#');
  const goal =
    place === ''
      ? file
      : path.relative(root, path.resolve(root, path.dirname(file), decodeURI(place)));
  if (goal.startsWith('..') || !existsSync(path.join(root, goal))) return true;
  return anchor !== undefined && !anchorsOf(goal).includes(anchor);
}

describe('links', () => {
  it('are found at all', () => {
    expect(pages.flatMap(links).length).toBeGreaterThan(40);
  });

  it.each(pages.map(each => [each.file, each] as const))('of %s lead somewhere', (_, each) => {
    expect(links(each).filter(target => leadsNowhere(each, target))).toEqual([]);
  });

  it('to pages from the code lead somewhere', () => {
    const isSource = (file: string): boolean => /\.(ts|mjs|js|sql)$/.test(file);
    const sources = ['packages', 'kubectl-plugin', 'plugins', 'scripts', 'test'].flatMap(folder =>
      filesBelow(folder, isSource),
    );
    const lost = sources.flatMap(file =>
      [...page(file).text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
        .filter(([target]) => !existsSync(path.join(root, target)))
        .map(([target]) => `${file}: ${target}`),
    );
    expect(lost).toEqual([]);
  });
});

it('every page of docs is in docs/README.md', () => {
  const index = page('docs/README.md');
  const listed = links(index).map(target => path.join('docs', target));
  const missing = documentation
    .map(({ file }) => file)
    .filter(file => file !== index.file && !listed.includes(file));
  expect(missing).toEqual([]);
});

// TechDocs serves docs/ alone.
it('pages of docs/ lead to pages of docs/', () => {
  const inside = (file: string, target: string): boolean =>
    /^(https?|mailto):|^#/.test(target) ||
    path.join(path.dirname(file), target).startsWith(`docs${path.sep}`);
  const outside = documentation.flatMap(each =>
    links(each)
      .filter(target => !inside(each.file, target))
      .map(target => `${each.file}: ${target}`),
  );
  expect(outside).toEqual([]);
});

describe('no page names', () => {
  const home = os.homedir();
  const machine = [
    ['what lies outside of the checkout', /\.\.\/shared/],
    ['a folder of a machine of ours', /(^|[\s"'`(=])\/(work|root|home|Users)\//m],
    ['the registry that packages came from', /\bregistry\.[a-z]|npmmirror|\bproxy\.golang/],
  ] as const;

  it.each(machine)('%s', (_, pattern) => {
    expect(pages.filter(({ text }) => pattern.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('this checkout or this home', () => {
    const own = [root, ...(home.length > 1 && home !== '/root' ? [home] : [])];
    const found = pages.filter(({ text }) => own.some(folder => text.includes(folder)));
    expect(found.map(({ file }) => file)).toEqual([]);
  });
});
