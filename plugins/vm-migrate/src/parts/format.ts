/** Sizes, rates and times as a person reads them, in the language of the page. Units are those of the command line. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB`: three digits at most, powers of 1024. */
export function bytesText(bytes: number, language?: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  return `${number} ${UNITS[unit] ?? 'B'}`;
}

export function rateText(bytesPerSecond: number, language?: string): string {
  return `${bytesText(bytesPerSecond, language)}/s`;
}

/** The two largest units: `1h05m`, `3m20s`, `12s`; less than a second is `0s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return pair(hours, 'h', minutes % 60, 'm');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  if (small === 0) return `${large}${largeUnit}`;
  return `${large}${largeUnit}${String(small).padStart(2, '0')}${smallUnit}`;
}

/** Date and time of day in the reader's time zone. */
export function dateText(at: string, language?: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(at),
  );
}

/** The day, in the reader's time zone. */
export function dayText(at: string, language?: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(at));
}

/** Time of day to the second, in the reader's time zone. */
export function timeText(at: string, language?: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(new Date(at));
}

/** Whole per cent, rounded down: 100 only when nothing is left. Nothing to do is all done. */
export function percentOf(done: number, total: number): number {
  if (total <= 0) return 100;
  const whole = Math.floor((done * 100) / total);
  return Math.min(done >= total ? 100 : 99, Math.max(0, whole));
}
