/** The pages that people read, for tests that hold them true. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');

export interface Page {
  /** Relative to the root. */
  readonly file: string;
  readonly text: string;
}

/** Files below a folder of the checkout, what is built or installed left out; relative to the root. */
export function filesBelow(folder: string, isWanted: (file: string) => boolean): readonly string[] {
  if (!existsSync(path.join(root, folder))) return [];
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries
    .filter(entry => !['node_modules', 'dist'].includes(entry.name) && !entry.name.startsWith('.'))
    .flatMap(entry => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(file, isWanted);
      return isWanted(file) ? [file] : [];
    })
    .sort();
}

export function page(file: string): Page {
  return { file, text: readFileSync(path.join(root, file), 'utf8') };
}

const isMarkdown = (file: string): boolean => file.endsWith('.md');

export const documentation: readonly Page[] = filesBelow('docs', isMarkdown).map(page);

/** All pages, those outside of docs too, and what is beside them to be copied. */
export const pages: readonly Page[] = [
  ...documentation,
  ...filesBelow('examples', () => true).map(page),
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'plugins/README.md'].map(page),
];

/** Code as it is written in Markdown: fenced blocks, lines indented by four, `inline`; each as one text. */
export function codeOf({ file, text }: Page): readonly string[] {
  if (!isMarkdown(file)) return [text];
  const blocks = [...text.matchAll(/^```[^\n]*\n(.*?)^```/gms)].map(([, block = '']) => block);
  const rest = text.replace(/^```.*?^```/gms, '');
  const indented = rest.split('\n').filter(line => line.startsWith('    '));
  const inline = [...rest.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks.flatMap(block => block.split('\n')), ...indented, ...inline];
}
