/** Figures of the command line, and dates, in the language of the page. */
import { duration, scaled } from '@vm-migrate/backstage-plugin-vm-migrate-common';

export { percent as percentOf } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** To make a format takes a hundred times as long as to use it, and a page of rows uses few. */
function kept<Format>(make: (language: string | undefined) => Format) {
  const formats = new Map<string | undefined, Format>();
  return (language: string | undefined): Format => {
    const known = formats.get(language) ?? make(language);
    formats.set(language, known);
    return known;
  };
}

const numbers = kept(language => new Intl.NumberFormat(language));
const dates = kept(
  language => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
);
const days = kept(language => new Intl.DateTimeFormat(language, { dateStyle: 'medium' }));
const times = kept(language => new Intl.DateTimeFormat(language, { timeStyle: 'medium' }));

/** `1.5 GiB`: three digits at most, powers of 1024. */
export function bytesText(bytes: number, language?: string): string {
  const { value, unit } = scaled(bytes);
  return `${numbers(language).format(Number(value))} ${unit}`;
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
  return dates(language).format(new Date(at));
}

/** The day, in the reader's time zone. */
export function dayText(at: string, language?: string): string {
  return days(language).format(new Date(at));
}

/** Time of day to the second, in the reader's time zone. */
export function timeText(at: string, language?: string): string {
  return times(language).format(new Date(at));
}
