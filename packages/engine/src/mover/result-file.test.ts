import { EngineError } from '../errors';
import { parseReport } from './parse-report';
import { fittingResult } from './result-file';

const failed = (found: string, hint = '') =>
  ({
    type: 'failed',
    error: new EngineError('VOLUME_IO', { where: { file: found }, found, hint }).toJSON(),
  }) as const;

describe('the last report in 4096 bytes', () => {
  it('is the whole report where it fits', () => {
    const report = failed('EIO: i/o error');
    expect(JSON.parse(fittingResult(report))).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it.each([
    ['long', 'x'.repeat(100_000)],
    ['wide characters', 'ü'.repeat(50_000)],
    ['characters that JSON escapes', '\u0000"\\'.repeat(20_000)],
  ])('is cut, and still a report, for an error with %s', (_, words) => {
    const text = fittingResult(failed(words, words));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    expect(parseReport(text)).toMatchObject({
      type: 'failed',
      error: { code: 'VOLUME_IO', retry: 'never' },
    });
  });
});
