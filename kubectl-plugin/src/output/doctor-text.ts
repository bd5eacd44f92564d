/** What `doctor` found: one line a check, the remedy under what is wrong, then every effective value. */
import { padEnd, wrapWords } from './display-width';
import { printable } from './escape';
import { marksOf } from './marks';
import type { Palette, Style } from './style';
import { tableLines } from './table';

export interface DoctorCheck {
  /** What was looked at: `database`, `source lab`, `class fast`. */
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was seen. */
  readonly found: string;
  /** What to do; for all but `ok`. */
  readonly remedy?: string;
  /** To paste: what does it, or shows more. */
  readonly command?: string;
}

/** The configuration's own account of a value; `origin` says where it came from. */
export interface DoctorValue {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

export function doctorText(
  checks: readonly DoctorCheck[],
  values: readonly DoctorValue[],
  style: Style,
): string {
  const widest = Math.max(0, ...checks.map(({ name }) => printable(name).length));
  return [
    ...checks.flatMap(check => checkLines(check, Math.min(widest, 32), style)),
    '',
    verdict(checks, style),
    ...(values.length === 0 ? [] : ['', ...valueLines(values, style)]),
  ].join('\n');
}

function checkLines(check: DoctorCheck, nameWidth: number, style: Style): string[] {
  const { palette } = style;
  const marks = marksOf(style);
  const [mark, color]: [string, keyof Palette] = {
    ok: [marks.ok, 'green'] as [string, keyof Palette],
    warning: [marks.warns, 'yellow'] as [string, keyof Palette],
    failed: [marks.blocks, 'red'] as [string, keyof Palette],
    skipped: [marks.dot, 'dim'] as [string, keyof Palette],
  }[check.state];
  const indent = ' '.repeat(4 + nameWidth + 2);
  const room = Math.min(style.width, 120) - indent.length;
  const found = wrapWords(printable(check.found), room);
  const remedy =
    check.remedy === undefined
      ? []
      : wrapWords(printable(check.remedy), room - marks.arrow.length - 1);
  // Whole, however wide: it is for pasting.
  const command = check.command === undefined ? [] : [printable(check.command)];
  return [
    `${palette[color](padEnd(mark, 2))}  ${padEnd(printable(check.name), nameWidth)}  ${found[0] ?? ''}`.trimEnd(),
    ...found.slice(1).map(line => indent + line),
    ...remedy.map(
      (line, index) =>
        `${indent}${index === 0 ? palette.cyan(marks.arrow) : ' '.repeat(marks.arrow.length)} ${line}`,
    ),
    ...command.map(line => `${indent}${' '.repeat(marks.arrow.length + 1)}${line}`),
  ];
}

function verdict(checks: readonly DoctorCheck[], { palette }: Style): string {
  const failed = checks.filter(({ state }) => state === 'failed').length;
  const warned = checks.filter(({ state }) => state === 'warning').length;
  if (failed > 0) return palette.red(`${failed} of ${checks.length} checks failed`);
  if (warned > 0)
    return palette.yellow(`It works; ${warned} of ${checks.length} checks advise a change`);
  return palette.green('All is well');
}

function valueLines(values: readonly DoctorValue[], style: Style): string[] {
  return tableLines(
    [
      { heading: 'SETTING', of: ({ key }: DoctorValue) => key },
      { heading: 'VALUE', of: ({ value }: DoctorValue) => value, shortens: true },
      { heading: 'FROM', of: ({ origin }: DoctorValue) => origin, shortens: true },
    ],
    values,
    style,
  );
}
