// docs/errors.md has one heading for each code, and `explain CODE` prints that page's words.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { ERROR_CODES } from '../../packages/engine/src/errors';
import { errorCodes, explainError } from '../../packages/engine/src/explain-error';
import { page, root } from './pages';

const codes = Object.keys(ERROR_CODES);
const { text } = page('docs/errors.md');
const sections = text
  .split(/^## /m)
  .slice(1)
  .map(section => {
    const [heading = '', , meaning = '', ...rest] = section.split('\n');
    return { heading, meaning, rest: rest.join('\n') };
  });

it('every code has one heading, every heading is a code, in the same order', () => {
  const headings = [...text.matchAll(/^#{2,} (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(codes);
});

it.each(sections.map(section => [section.heading, section] as const))(
  "%s begins with the code's meaning, says why and what to do",
  (code, { meaning, rest }) => {
    expect(meaning).toBe(ERROR_CODES[code as keyof typeof ERROR_CODES]);
    expect(rest).toMatch(/^\*\*Why\.\*\* [^]*^\*\*What to do\.\*\*/m);
  },
);

it('the generated file is current: else run node scripts/errors-text.mjs', () => {
  const script = path.join(root, 'scripts/errors-text.mjs');
  const code = `import fs from 'node:fs';
    import { generatedText, page } from ${JSON.stringify(script)};
    process.stdout.write(generatedText(fs.readFileSync(page, 'utf8')));`;
  const wanted = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  expect(page('packages/engine/src/errors-explained.generated.ts').text).toBe(wanted);
});

it('explainError gives the section without its heading, links spelled out', () => {
  expect(explainError('VM_AMBIGUOUS')).toMatch(
    /^Several VMs answer to that name\.\n\n\*\*Why\.\*\* /,
  );
  expect(explainError('OUT_OF_COFFEE')).toBeUndefined();
  expect(explainError('toString')).toBeUndefined();
  expect(errorCodes().map(({ code }) => code)).toEqual(codes);
  for (const { code } of errorCodes()) expect(explainError(code)).not.toMatch(/\]\(/);
});
