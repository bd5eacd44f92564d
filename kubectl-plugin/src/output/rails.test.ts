import fc from 'fast-check';
import { displayWidth } from './display-width';
import { drawRails, type RailNode } from './rails';
import { PLAIN, type Style } from './style';

const style: Style = { palette: PLAIN, width: 80, symbols: 'unicode' };

/** `child<parent`; main children in capitals. */
function nodes(text: string): RailNode[] {
  return text.split(' ').map(word => {
    const [id = '', parent] = word.split('<');
    return {
      id: id.toLowerCase(),
      parentId: parent?.toLowerCase() ?? null,
      mark: '*',
      main: id !== id.toLowerCase(),
      lines: () => [id.toLowerCase()],
    };
  });
}

const draw = (text: string, symbols: Style['symbols'] = 'unicode') =>
  drawRails(nodes(text), { ...style, symbols });

it('keeps a line of any depth in one lane', () => {
  const deep = Array.from({ length: 300 }, (_, index): RailNode => ({
    id: `n${index}`,
    parentId: index === 0 ? null : `n${index - 1}`,
    mark: '*',
    main: false,
    lines: () => [`n${index}`, 'x'],
  }));
  const lines = drawRails(deep, style);
  expect(lines).toHaveLength(600);
  expect(new Set(lines.map(line => line.search(/[nx]/)))).toEqual(new Set([3]));
});

it('draws a fork: the branch leaves to the right, the main line goes on below', () => {
  expect(draw('A B<a c<b D<b')).toEqual(['*  a', '*  b', '├─╮', '│ *  c', '*  d']);
});

it('draws a fork inside a fork in a third lane, and two branches one after the other', () => {
  expect(draw('A b<a c<b d<b e<a F<a', 'ascii')).toEqual([
    '*  a',
    '|\\',
    '| *  b',
    '| |\\',
    '| | *  d',
    '| *  c',
    '|\\',
    '| *  e',
    '*  f',
  ]);
});

it('starts a lane for a parent that is not there', () => {
  expect(draw('A b<x')).toEqual(['*  a', '', '*  b']);
});

it('has every node once, each under a rail or a mark, and lanes that grow with the logarithm', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), parents => {
      const forest = parents.map((parent, index): RailNode => ({
        id: String(index),
        parentId: index === 0 ? null : String(parent % index),
        mark: '*',
        main: false,
        lines: () => [`<${index}>`],
      }));
      const lines = drawRails(forest, style);
      for (const { id } of forest)
        expect(lines.filter(line => line.includes(`<${id}>`))).toHaveLength(1);
      for (const [at, line] of lines.entries()) {
        const rails = line.split('  <')[0] ?? '';
        for (const [column, char] of [...rails].entries()) {
          if (at === 0 || !'*│├╮'.includes(char) || char === '╮') continue;
          expect('*│├╮').toContain([...(lines[at - 1] ?? '')][column] ?? 'nothing');
        }
        expect(displayWidth(rails)).toBeLessThanOrEqual(2 * (Math.log2(forest.length) + 2));
      }
    }),
  );
});
