/** explain CODE: what an error code means and what to do, in the words of docs/errors.md. */
import { loadEngine } from '../engine-library';
import { EXIT } from '../exit-codes';
import { printAnswer } from '../print';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const explain = defineVerb({
  name: 'explain',
  group: 'run',
  summary: 'what an error code means, and what to do',
  positionals: {
    code: { shown: 'CODE', describe: 'As errors show it; without it all codes', need: 'optional' },
  },
  options: {},
  examples: [{ command: 'explain CHAIN_BROKEN', why: 'cause and remedy' }],
  operations: [],

  async run({ code }, { terminal }) {
    const { errorCodes, explainError } = await loadEngine();
    if (code === undefined) {
      const codes = errorCodes();
      const width = Math.max(...codes.map(known => known.code.length));
      await printAnswer(terminal, {
        data: codes,
        names: () => codes.map(known => known.code),
        text: () => codes.map(known => `${known.code.padEnd(width)}   ${known.meaning}`),
      });
      return EXIT.done;
    }
    const name = code.toUpperCase();
    const text = explainError(name);
    if (text === undefined)
      throw new UsageError(`there is no error code "${code}"`, `All codes: ${PROGRAM} explain`);
    await printAnswer(terminal, {
      data: { code: name, text },
      names: () => [name],
      text: () => [name, '', text],
    });
    return EXIT.done;
  },
});
