/** Figures as a person reads them, in English. Sizes in binary units, as kubectl and lsblk state them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `0 B`, `512 B`, `1.2 GiB`, `256 MiB`: three digits at most, no decimal that says nothing. */
export function bytes(count: number): string {
  const { value, unit } = scaled(count);
  return `${value} ${unit}`;
}

/** In the largest unit of which there is one at least. */
export function scaled(count: number): { value: string; unit: string; power: number } {
  let power = 0;
  let value = count;
  // 1023.96 KiB would be shown as 1024 KiB.
  while (power < UNITS.length - 1 && Number(digits(value, power)) >= 1024) {
    power += 1;
    value = count / 1024 ** power;
  }
  return { value: digits(value, power), unit: UNITS[power] ?? 'B', power };
}

/** Three digits at most. */
export function digits(value: number, power: number): string {
  if (power === 0 || value === 0) return String(Math.round(value));
  const text = value.toFixed(value < 99.95 ? 1 : 0);
  return text.endsWith('.0') && value >= 9.95 ? text.slice(0, -2) : text;
}

/** `850ms`, `42s`, `5m12s`, `3h05m`, `2d04h`: the two largest units. */
export function duration(ms: number): string {
  if (ms < 0) return '0s';
  if (ms > 0 && ms < 950) return `${Math.max(1, Math.round(ms))}ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'm');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0
    ? `${large}${largeUnit}`
    : `${large}${largeUnit}${String(small).padStart(2, '0')}${smallUnit}`;
}

/** `1 layer`, `3 layers`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Whole per cent, rounded down: 100 is said only when nothing is left. Nothing to do is all done. */
export function percent(done: number, total: number): number {
  if (total <= 0) return 100;
  const whole = Math.floor((done * 100) / total);
  return Math.min(done >= total ? 100 : 99, Math.max(0, whole));
}
