/** Tables as kubectl prints them: upper-case headings, three spaces between columns, `<none>` for nothing. */
import { displayWidth, padEnd, padStart, shortenMiddle } from './display-width';
import { printable } from './escape';
import type { Palette, Style } from './style';

export interface Cell {
  readonly text: string;
  readonly color?: keyof Palette;
}

export interface Column<Row> {
  readonly heading: string;
  /** Any text: it is escaped here. Nothing (`null`, '') becomes `<none>`. */
  readonly of: (row: Row) => string | Cell | null;
  readonly align?: 'right';
  /** May lose its middle where the terminal is narrow; the others never do. */
  readonly shortens?: true;
}

export interface TableOptions {
  readonly headings?: boolean;
  /** Before every line. */
  readonly indent?: string;
}

const GAP = 3;
/** A column that shortens keeps at least this much. */
const SHORTEST = 12;

/**
 * Lines without trailing blanks. Where the style has a width, columns that may shorten give way,
 * the widest first; if that is not enough the lines stay too long rather than lose a fact.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: Style,
  { headings = true, indent = '' }: TableOptions = {},
): string[] {
  const cells = rows.map(row => columns.map(column => cellOf(column.of(row))));
  const widths = columns.map(({ heading }, index) =>
    cells.reduce(
      (most, row) => Math.max(most, displayWidth(row[index]?.text ?? '')),
      headings ? displayWidth(heading) : 0,
    ),
  );
  shrink(columns, widths, style.width - displayWidth(indent));
  const place = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    const short = columns[index]?.shortens ? shortenMiddle(text, width, style.symbols) : text;
    return columns[index]?.align === 'right' ? padStart(short, width) : padEnd(short, width);
  };
  const line = (parts: readonly string[]): string =>
    (indent + parts.join(' '.repeat(GAP))).trimEnd();
  const body = cells.map(row =>
    line(row.map((cell, index) => colored(place(cell.text, index), cell.color, style))),
  );
  if (!headings) return body;
  return [line(columns.map(({ heading }, index) => place(heading, index))), ...body];
}

function cellOf(value: string | Cell | null): Cell {
  const cell = typeof value === 'string' || value === null ? { text: value ?? '' } : value;
  return { ...cell, text: cell.text === '' ? '<none>' : printable(cell.text) };
}

/** Colour inside the padding, so that it adds nothing at a line's end. */
function colored(placed: string, color: Cell['color'], { palette }: Style): string {
  if (color === undefined) return placed;
  const text = placed.trim();
  const start = placed.indexOf(text);
  return placed.slice(0, start) + palette[color](text) + placed.slice(start + text.length);
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - room;
  while (excess > 0) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const width = widths[index] ?? 0;
      if (!column.shortens || width <= SHORTEST) continue;
      if (widest < 0 || width > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
}
