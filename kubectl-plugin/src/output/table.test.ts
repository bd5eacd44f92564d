import fc from 'fast-check';
import { displayWidth } from './display-width';
import { COLORS, PLAIN, type Style } from './style';
import { tableLines, type Column } from './table';

const style: Style = { palette: PLAIN, width: Infinity, symbols: 'unicode' };
type Row = readonly [string, number | null];
const columns: readonly Column<Row>[] = [
  { heading: 'NAME', of: ([name]) => name, shortens: true },
  {
    heading: 'SIZE',
    of: ([, size]) => (size === null ? null : { text: String(size), color: 'red' }),
    align: 'right',
  },
];

it('looks like kubectl', () => {
  expect(
    tableLines(
      columns,
      [
        ['web', 5],
        ['本番前', null],
        ['a\nb', 12345],
      ],
      style,
    ),
  ).toEqual(['NAME       SIZE', 'web           5', '本番前   <none>', 'a\\nb      12345']);
});

it('puts colours beside the padding, so that columns stay straight', () => {
  const lines = tableLines(
    columns,
    [
      ['web', 5],
      ['db', 12],
    ],
    { ...style, palette: COLORS },
    { headings: false },
  );
  expect(lines).toEqual(['web    \x1b[31m5\x1b[39m', 'db    \x1b[31m12\x1b[39m']);
});

it('never is wider than the terminal as long as a column can give way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.nat(99))),
      fc.integer({ min: 24, max: 100 }),
      (rows, width) => {
        const lines = tableLines(columns, rows, { ...style, width });
        for (const line of lines) {
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/\p{Cc}/u);
        }
        expect(lines).toHaveLength(rows.length + 1);
      },
    ),
  );
});
