/** `-l state=failed,vm!=web-1`: which rows are shown, by the fields that `-o json` has. */
import { UsageError } from './usage-error';

/** @throws UsageError */
export function selectorOf(text: string | undefined): (row: object) => boolean {
  const terms = (text ?? '')
    .split(',')
    .filter(term => term !== '')
    .map(termOf);
  return row =>
    terms.every(({ path, equal, value }) => {
      const found = path.reduce<unknown>(
        (inner, key) =>
          typeof inner === 'object' && inner !== null
            ? (inner as Record<string, unknown>)[key]
            : undefined,
        row,
      );
      return (String(found ?? '') === value) === equal;
    });
}

function termOf(term: string): {
  readonly path: readonly string[];
  readonly equal: boolean;
  readonly value: string;
} {
  const [, key = '', sign = '', value = ''] =
    /^([A-Za-z][A-Za-z0-9.]*)(!=|==|=)(.*)$/.exec(term) ?? [];
  if (key === '')
    throw new UsageError(
      `-l ${term} is neither FIELD=VALUE nor FIELD!=VALUE`,
      'As in: -l state=failed,source=lab. The fields are those of -o json.',
    );
  return { path: key.split('.'), equal: sign !== '!=', value };
}
