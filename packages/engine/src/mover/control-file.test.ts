import { parseControl } from './control-file';

describe('annotations of a pod as a file', () => {
  it('say the rate and the wish to stop, whatever stands around them', () => {
    const text = [
      'kubernetes.io/config.source="api"',
      'vm-migrate.io/bytes-per-second="1048576"',
      'note="several\\nlines, \\"vm-migrate.io/stop\\"=true"',
      'vm-migrate.io/stop="true"',
    ].join('\n');
    expect(parseControl(text)).toEqual({ bytesPerSecond: 1_048_576, stop: true });
  });

  it.each([
    ['nothing', ''],
    ['a rate that is none', 'vm-migrate.io/bytes-per-second="fast"'],
    ['a line without quotes', 'vm-migrate.io/stop=true'],
    ['quotes that do not end', 'vm-migrate.io/stop="true'],
    ['an escape that is none', 'vm-migrate.io/stop="\\q"'],
    ['another word', 'vm-migrate.io/stop="yes"'],
  ])('say nothing when they are %s', (_, text) => {
    expect(parseControl(text)).toEqual({ bytesPerSecond: undefined, stop: false });
  });
});
