/** Leases use the database's clock alone; a wrong one here only makes times in reports odd. */
import { ok, warning, type Check } from './check';

const SKEW_MS = 5_000;

export const checkClock: Check = async ({ database }) => {
  if (database === undefined) return [];
  const before = Date.now();
  const [row] = await database.query<{ ms: number }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::int8 as ms`,
  );
  const after = Date.now();
  const skewMs = Math.round((row?.ms ?? before) - (before + after) / 2);
  const words = `${Math.abs(skewMs) < 100 ? 'the same as' : `${Math.abs(skewMs) / 1000} s ${skewMs > 0 ? 'behind' : 'ahead of'}`} the database's`;
  if (Math.abs(skewMs) < SKEW_MS) return [ok('clock', words)];
  return [
    warning(
      'clock',
      words,
      'Set the clock (NTP). Leases go by the database and are not affected; times of files and logs are.',
    ),
  ];
};
