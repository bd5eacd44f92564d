import { bytesPerSecond } from './commands/limits';
import { selectorOf } from './selector';
import { UsageError } from './usage-error';

const rows = [
  { state: 'failed', vm: 'web-1', layers: { total: 3 }, group: null },
  { state: 'running', vm: 'web-2', layers: { total: 4 }, group: 'g-1' },
];
const chosen = (text: string | undefined) => rows.filter(selectorOf(text)).map(({ vm }) => vm);

describe('-l', () => {
  it.each([
    [undefined, ['web-1', 'web-2']],
    ['state=failed', ['web-1']],
    ['state==failed', ['web-1']],
    ['state!=failed', ['web-2']],
    ['layers.total=4', ['web-2']],
    ['group=', ['web-1']],
    ['state=failed,vm=web-2', []],
    ['nothing=x', []],
  ])('%s', (text, expected) => expect(chosen(text)).toEqual(expected));

  it('refuses what is no term', () => {
    expect(() => selectorOf('state')).toThrow(UsageError);
    expect(() => selectorOf('=x')).toThrow(UsageError);
  });
});

describe('--rate', () => {
  it.each([
    ['500000', 500_000],
    ['200M', 200 * 1024 ** 2],
    ['1.5G', 1.5 * 1024 ** 3],
    ['10KiB/s', 10_240],
  ])('%s', (words, expected) => expect(bytesPerSecond(words)).toBe(expected));

  it.each(['0', 'fast', '-1', '1T'])('refuses %s', words =>
    expect(() => bytesPerSecond(words)).toThrow(UsageError),
  );
});
