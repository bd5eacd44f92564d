/** Figures of the command line, and dates, in the language of the page. */
import { duration, scaled } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export { percent as percentOf } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** `1.5 GiB`: three digits at most, powers of 1024. */
export function bytesText(bytes: number, language?: string): string {
  const { value, unit } = scaled(bytes);
  return `${new Intl.NumberFormat(language).format(Number(value))} ${unit}`;
}

export function rateText(bytesPerSecond: number, language?: string): string {
  return `${bytesText(bytesPerSecond, language)}/s`;
}

/** The two largest units, whole seconds at least: `1h05m`, `3m20s`, `12s`; less than a second is `0s`. */
export function durationText(ms: number): string {
  return duration(Math.max(0, Math.floor(ms / 1000)) * 1000);
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
