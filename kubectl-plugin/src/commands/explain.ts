/** explain CODE: what an error code means and what to do; from docs/errors.md where it is there. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadEngine } from '../engine-library';
import { EXIT } from '../exit-codes';
import { printAnswer } from '../print';
import type { Session } from '../session';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const explain = defineVerb({
  name: 'explain',
  group: 'run',
  summary: 'what an error code means, and what to do',
  positionals: { code: { shown: 'CODE', describe: 'As errors show it; without it all codes', need: 'optional' } },
  options: {},
  examples: [{ command: 'explain CHAIN_BROKEN', why: 'cause and remedy' }],
  operations: [],

  async run({ code }, session) {
    const { ERROR_CODES } = await loadEngine();
    const known: Readonly<Record<string, string>> = ERROR_CODES;
    if (code === undefined) {
      const width = Math.max(...Object.keys(known).map(name => name.length));
      await printAnswer(session.terminal, {
        data: known,
        names: () => Object.keys(known),
        text: () => Object.entries(known).map(([name, meaning]) => `${name.padEnd(width)}   ${meaning}`),
      });
      return EXIT.done;
    }
    const name = code.toUpperCase();
    const meaning = known[name];
    if (meaning === undefined) throw new UsageError(`there is no error code "${code}"`, `All codes: ${PROGRAM} explain`);
    const text = sectionOf(name, session) ?? `${name}\n\n${meaning}`;
    await printAnswer(session.terminal, { data: { code: name, meaning, text }, names: () => [name], text: () => text });
    return EXIT.done;
  },
});

/** The heading's text in docs/errors.md, which lies beside the program or in the checkout. */
function sectionOf(code: string, { program }: Session): string | undefined {
  const here = path.dirname(program);
  const file = [path.join(here, 'errors.md'), path.join(here, '..', '..', 'docs', 'errors.md')].find(candidate => existsSync(candidate));
  if (file === undefined) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  const start = lines.findIndex(line => /^#+ /.test(line) && line.replace(/[#`]/g, '').trim() === code);
  if (start < 0) return undefined;
  const length = lines.slice(start + 1).findIndex(line => /^#+ /.test(line));
  const body = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  return [code, ...body].join('\n').trimEnd();
}
