import { age, bytes, bytesOf, duration, eta, percent, rate, utcMinute } from './format';

const MIB = 1024 * 1024;

it.each([
  [0, '0 B'],
  [512, '512 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [10 * 1024, '10 KiB'],
  [MIB - 1, '1.0 MiB'],
  [256 * MIB, '256 MiB'],
  [1.2 * 1024 * MIB, '1.2 GiB'],
  [62 * 1024 * 1024 * MIB, '62 TiB'],
])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

it('puts done and total in one unit', () => {
  expect(bytesOf(18 * MIB, 29.5 * MIB)).toBe('18/29.5 MiB');
  expect(bytesOf(0, 534 * MIB)).toBe('0/534 MiB');
});

it.each([
  [0, '0s'],
  [917, '917ms'],
  [42_000, '42s'],
  [60_000, '1m'],
  [312_000, '5m12s'],
  [11_100_000, '3h05m'],
  [187_200_000, '2d04h'],
  [-5, '0s'],
])('%d ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

it('rounds per cent down: 100 only when nothing is left', () => {
  expect([percent(0, 10), percent(999, 1000), percent(10, 10), percent(0, 0)]).toEqual([
    0, 99, 100, 100,
  ]);
});

it('says what is not known', () => {
  expect([eta(null), rate(0), age(null, new Date()), utcMinute(null)]).toEqual([
    'ETA -',
    '-',
    '<none>',
    '<none>',
  ]);
});

it('counts age as kubectl does', () => {
  const now = new Date('2026-01-03T00:00:00Z');
  expect(
    [
      '2026-01-02T23:58:30Z',
      '2026-01-02T23:00:00Z',
      '2026-01-01T12:00:00Z',
      '2025-12-01T00:00:00Z',
    ].map(at => age(at, now)),
  ).toEqual(['90s', '60m', '36h', '33d']);
});
