import { parseLine } from './arguments';
import { UsageError } from './usage-error';
import { VERBS } from './verbs';

const parse = (line: string) =>
  parseLine(
    line.split(' ').filter(word => word !== ''),
    VERBS,
  );

function refusal(line: string): UsageError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`"${line}" was not refused`);
}

describe('the command line', () => {
  it('without a verb names none', () => {
    expect(parse('')).toMatchObject({ verb: undefined, help: false });
  });

  it('finds a verb of two words before the one that is its first', () => {
    expect(parse('-n vms worker deploy --postgres')).toMatchObject({
      verb: { name: 'worker deploy' },
      args: { postgres: true },
    });
    expect(parse('worker --concurrency 2').verb?.name).toBe('worker');
    expect(() => parse('worker deploy more')).toThrow(/one argument too many/);
  });

  it('finds the verb after options that take a value', () => {
    const { verb, globals, args } = parse('-o json --state-folder plan get vms lab');
    expect(verb?.name).toBe('get');
    expect(globals).toMatchObject({ output: 'json', stateFolder: 'plan' });
    expect(args).toMatchObject({ kind: 'vms', of: 'lab' });
  });

  it('keeps digits as they are typed', () => {
    expect(parse('plan 007 --leave-out 01 --leave-out 2').args).toMatchObject({
      vm: '007',
      leaveOut: ['01', '2'],
    });
  });

  it('takes options before, between and after the arguments', () => {
    expect(parse('start -d web-1 --accept a:1 web-2 --accept=b:2').args).toMatchObject({
      vms: ['web-1', 'web-2'],
      accept: ['a:1', 'b:2'],
      detach: true,
    });
  });

  it('turns headings off', () => {
    expect(parse('get vms --no-headers').globals.headers).toBe(false);
    expect(parse('get vms').globals.headers).toBe(true);
  });

  it.each([
    ['plann web-1', /no verb "plann"/, /Did you mean ".* plan"/],
    ['tree', /tree needs VM/, /tree --help/],
    ['tree a b', /"b" is one argument too many/, /tree --help/],
    ['get things', /"things" is none of sources, targets, vms/, /get --help/],
    ['get vms --colour always', /colour/, /get --help/],
    ['get vms -o xml', /output/, /get --help/],
    ['plan web-1 --sample many', /--sample takes a number/, /plan --help/],
    ['plan web-1 --target a --target b', /--target is given more than once/, /plan --help/],
    ['plan web-1 --target', /target/, /plan --help/],
    ['--frobnicate', /frobnicate/, /--help/],
  ])('refuses "%s"', (line, message, hint) => {
    const error = refusal(line);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(error.message).not.toContain('\n');
  });

  it('gives help although arguments are missing', () => {
    expect(parse('tree --help')).toMatchObject({ help: true, verb: { name: 'tree' } });
    expect(parse('-h')).toMatchObject({ help: true, verb: undefined });
  });
});
