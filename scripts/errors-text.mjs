// node scripts/errors-text.mjs: writes packages/engine/src/errors-explained.generated.ts from
// docs/errors.md, so that `explain CODE` has the page's words in a bundle that holds no docs.
// test/unit/docs-errors.test.ts fails when the two differ.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const page = path.join(root, 'docs', 'errors.md');
export const generated = path.join(
  root,
  'packages',
  'engine',
  'src',
  'errors-explained.generated.ts',
);

/** Sections of the page by their headings (`## CODE`), in order; what stands before the first one is left out. */
export function sectionsOf(markdown) {
  const [, ...parts] = markdown.split(/^## /m);
  return parts.map(part => {
    const end = part.indexOf('\n');
    return { heading: part.slice(0, end).trim(), text: part.slice(end).trim() };
  });
}

/** The generated file's text. Links lead to pages, which a terminal does not have: their path is spelled out. */
export function generatedText(markdown) {
  const entries = sectionsOf(markdown).map(
    ({ heading, text }) => `  ${heading}:\n    ${JSON.stringify(spelledOut(text))},\n`,
  );
  return `// Written by scripts/errors-text.mjs from docs/errors.md. Do not edit.\n/* eslint-disable */\nexport const ERRORS_EXPLAINED = {\n${entries.join('')}} as const;\n`;
}

function spelledOut(text) {
  return text.replace(
    /\[([^\]]+)\]\(([^)]+)\)/g,
    (_, words, target) => `${words} (docs/${target})`,
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const text = generatedText(fs.readFileSync(page, 'utf8'));
  const temporary = `${generated}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, text);
  fs.renameSync(temporary, generated);
}
