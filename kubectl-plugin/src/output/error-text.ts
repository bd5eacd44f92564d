/** An error in at most four lines: what failed with its code; where; expected and found; what to do next. */
import { printable } from './escape';
import type { Style } from './style';

/** An ErrorView, or an EngineError, which knows a little more. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly where?: {
    readonly file?: string;
    readonly offsetBytes?: number;
    readonly line?: number;
    readonly object?: string;
  };
  readonly expected?: string;
  readonly found?: string;
}

export function errorText(error: ErrorFacts, style: Style): string {
  return errorLines(error, style).join('\n');
}

/** Not shortened: an error that lost its middle sends people to the wrong place. */
export function errorLines(error: ErrorFacts, { palette }: Style): string[] {
  const { meaning, where, expected, found } = taken(error);
  const facts = [
    expected === '' ? '' : `expected: ${expected}`,
    found === '' ? '' : `found: ${found}`,
  ].filter(part => part !== '');
  const lines = [
    `${palette.bold(palette.red('error:'))} ${meaning} ${palette.dim(`(${printable(error.code)})`)}`,
  ];
  if (where !== '') lines.push(`  where: ${where}`);
  if (facts.length > 0) lines.push(`  ${facts.join('; ')}`);
  lines.push(`  ${palette.bold('next:')} ${nextStep(error)}`);
  return lines;
}

/**
 * EngineError writes one sentence, `Meaning. Where: W. Expected: E. Found: F.`; a view carries that
 * sentence and not always its parts. Parts that are given win.
 */
function taken(error: ErrorFacts): {
  meaning: string;
  where: string;
  expected: string;
  found: string;
} {
  const found = /^(?<rest>.*?)(?: Found: (?<part>.*?)\.?)?$/s.exec(error.message)?.groups;
  const expected = /^(?<rest>.*?)(?: Expected: (?<part>.*?)\.?)?$/s.exec(
    found?.['rest'] ?? '',
  )?.groups;
  const where = /^(?<rest>.*?)(?: Where: (?<part>.*?)\.?)?$/s.exec(
    expected?.['rest'] ?? '',
  )?.groups;
  return {
    meaning: printable((where?.['rest'] ?? error.message).trim()),
    where: placeOf(error) || printable(where?.['part'] ?? ''),
    expected: printable(error.expected ?? expected?.['part'] ?? ''),
    found: printable(error.found ?? found?.['part'] ?? ''),
  };
}

function placeOf({ where }: ErrorFacts): string {
  const { object, file, line, offsetBytes } = where ?? {};
  return [
    object === undefined ? '' : printable(object),
    file === undefined ? '' : printable(file),
    line === undefined ? '' : `line ${line}`,
    offsetBytes === undefined ? '' : `offset ${offsetBytes}`,
  ]
    .filter(part => part !== '')
    .join(', ');
}

function nextStep({ hint, code }: ErrorFacts): string {
  if (hint !== undefined && hint !== '') return printable(hint);
  return `kubectl vm-migrate explain ${printable(code)}`;
}
