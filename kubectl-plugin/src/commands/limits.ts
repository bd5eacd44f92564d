/** limits: how much may run at once and how fast; changed while work goes on. */
import { EXIT } from '../exit-codes';
import { listLines, nameLines } from '../output/list-tables';
import { isForPeople, listOf, printAnswer } from '../print';
import { UsageError } from '../usage-error';
import { defineVerb } from '../verb';
import { PROGRAM } from '../version';

export const limits = defineVerb({
  name: 'limits',
  group: 'run',
  summary: 'show, or with --running and --rate change, how much runs at once and how fast',
  details: [
    'Takes effect within two seconds. SCOPE: all, vm (each VM), source:NAME or class:NAME.',
  ],
  positionals: {
    scope: { shown: 'SCOPE', describe: 'What is limited', need: 'optional', names: ['scope'] },
  },
  options: {
    running: { type: 'string', describe: 'Copies at a time; none: no limit' },
    rate: {
      type: 'string',
      describe: 'Bytes per second, as 200M or 1.5G (powers of 1024); none: no limit',
    },
  },
  examples: [
    { command: 'limits', why: 'all of them' },
    { command: 'limits source:lab --rate 100M', why: 'spare the network of one source' },
    { command: 'limits all --running 0', why: 'let nothing new begin' },
  ],
  operations: ['getLimits', 'setLimit'],

  async run({ scope, running, rate }, session) {
    const { terminal } = session;
    if (scope === undefined && (running !== undefined || rate !== undefined))
      throw new UsageError(
        '--running and --rate need SCOPE',
        `As in: ${PROGRAM} limits all --running 4`,
      );
    const change = {
      ...(running === undefined
        ? {}
        : { maxRunning: running === 'none' ? null : wholeNumber(running) }),
      ...(rate === undefined
        ? {}
        : { bytesPerSecond: rate === 'none' ? null : bytesPerSecond(rate) }),
    };
    const engine = await session.engine();
    const all =
      scope === undefined || Object.keys(change).length === 0
        ? await engine.call('getLimits', {})
        : await engine.call('setLimit', { scope, ...change });
    const rows = scope === undefined ? all : all.filter(limit => limit.scope === scope);
    if (rows.length === 0 && isForPeople(terminal)) {
      terminal.say(scope === undefined ? 'No limits are set.' : `No limit is set for ${scope}.`);
      return EXIT.done;
    }
    await printAnswer(terminal, {
      data: listOf(rows),
      names: () => nameLines('limits', rows),
      text: () =>
        listLines('limits', rows, terminal.style, {
          wide: terminal.format === 'wide',
          headings: terminal.headings,
        }),
    });
    return EXIT.done;
  },
});

function wholeNumber(words: string): number {
  if (!/^\d{1,6}$/.test(words))
    throw new UsageError(
      `--running ${words} is no number`,
      'As in: --running 4, or --running none',
    );
  return Number(words);
}

const UNITS = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;

/** `200M`, `1.5G`, `500000`. @throws UsageError */
export function bytesPerSecond(words: string): number {
  const [, number = '', unit = ''] =
    /^(\d{1,12}(?:\.\d{1,6})?)([KMG]?)i?B?(?:\/s)?$/i.exec(words) ?? [];
  const bytes = Math.round(Number(number) * UNITS[unit.toUpperCase() as keyof typeof UNITS]);
  if (number === '' || bytes < 1)
    throw new UsageError(`--rate ${words} is no rate`, 'As in: --rate 200M, or --rate none');
  return bytes;
}
