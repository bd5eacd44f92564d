/** Figures as a person reads them at a terminal; sizes, durations and counts as everywhere. */
import { bytes, count, digits, duration, percent, scaled } from '@vm-migrate/api';

export { bytes, count, duration, percent };

/** `18.0/29.5 MiB`: both in the unit of the total, so that they can be compared at a glance. */
export function bytesOf(done: number, total: number): string {
  const { power, unit } = scaled(total);
  const inUnit = (count: number): string => digits(count / 1024 ** power, power);
  return `${inUnit(done)}/${inUnit(total)} ${unit}`;
}

/** `12.3 MiB/s`; `-` where nothing flows. */
export function rate(bytesPerSecond: number): string {
  return bytesPerSecond > 0 ? `${bytes(bytesPerSecond)}/s` : '-';
}

/** kubectl's age: one unit, `<none>` without a time. */
export function age(at: string | null, now: Date): string {
  if (at === null) return '<none>';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(at)) / 1000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** `ETA 5m12s`; unknown is said, never guessed. */
export function eta(etaMs: number | null): string {
  return etaMs === null ? 'ETA -' : `ETA ${duration(etaMs > 0 ? Math.max(1000, etaMs) : 0)}`;
}

/** `2024-03-02 09:12Z`; `<none>` without a time. */
export function utcMinute(at: string | null): string {
  if (at === null) return '<none>';
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '<unknown>';
  return `${date.toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** `09:12:44Z`. */
export function utcSecond(at: Date): string {
  return `${at.toISOString().slice(11, 19)}Z`;
}
