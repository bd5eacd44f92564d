import { bytesText, dateText, durationText, percentOf, rateText } from './format';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1536, '1.5 KiB'],
    [100 * 1024 ** 2, '100 MiB'],
    [62 * 1024 ** 4, '62 TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes, 'en')).toBe(text);
  });

  it('numbers are of the language', () => {
    expect(rateText(1536, 'de')).toBe('1,5 KiB/s');
    expect(dateText('2026-11-28T02:54:00Z', 'de')).toMatch(/2026/);
  });

  it.each([
    [999, '0s'],
    [61_000, '1m01s'],
    [3_600_000, '1h'],
    [50 * 3_600_000, '2d02h'],
  ])('%d ms are %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [0, 0, 100],
    [999, 1000, 99],
    [1000, 1000, 100],
    [-5, 10, 0],
  ])('%d of %d are %d %%', (done, total, percent) => {
    expect(percentOf(done, total)).toBe(percent);
  });
});
