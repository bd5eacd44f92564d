import { EngineError } from './errors';

/**
 * JSON with sorted keys and no spaces: equal values give equal text, whatever order their fields
 * were written in. Fields that are `undefined` are left out, as JSON does.
 * @throws EngineError INTERNAL for what JSON cannot carry (functions, NaN, bigint)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  throw new EngineError('INTERNAL', {
    expected: 'a value that JSON can carry',
    found: typeof value,
  });
}

/** Order by UTF-16 code units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
