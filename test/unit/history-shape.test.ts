/** The history in Backstage and `kubectl vm-migrate tree` draw the same shape: order of points, and lanes. */
import fc from 'fast-check';
import { tree } from '../../kubectl-plugin/src/testing/fixtures';
import { PLAIN } from '../../kubectl-plugin/src/output/style';
import { treeText } from '../../kubectl-plugin/src/output/tree-text';
import type { TreeNodeView } from '../../packages/api/src';
import { railRows } from '../../plugins/vm-migrate/src/history/rails';

/** `lane name` of each point as the terminal shows it: two columns a lane before the mark. */
function atTerminal(nodes: readonly TreeNodeView[]): string[] {
  const text = treeText(
    { ...tree('before'), nodes, findings: [] },
    { palette: PLAIN, width: 4_000, symbols: 'unicode' },
  );
  return text.split('\n').flatMap(line => {
    const found = /^(?<rails>(?:│ )*)[○●◌◆] {2}(?<name>[\w ]+?)(?: {3}|$)/u.exec(line);
    if (found?.groups === undefined) return [];
    const { rails = '', name = '' } = found.groups;
    return [`${rails.length / 2} ${name}`];
  });
}

function inPage(nodes: readonly TreeNodeView[]): string[] {
  return railRows(nodes, 'current').map(
    ({ lane, point }) => `${lane} ${point.id === 'current' ? 'you are here' : point.name}`,
  );
}

const [first] = tree('before').nodes;
if (first === undefined) throw new Error('the fixture has points');
const point = (id: string, parentId: string | null): TreeNodeView => ({
  ...first,
  id,
  parentId,
  name: `point ${id}`,
  description: '',
  createdAt: null,
  quiesced: null,
  disks: [],
});

describe('the shape of a history', () => {
  it('is the same at a terminal and in a page, for every tree and every place of now', () => {
    const histories = fc
      .record({
        parents: fc.array(fc.integer({ min: -1, max: 1_000 }), { minLength: 1, maxLength: 30 }),
        current: fc.nat(),
      })
      .map(({ parents, current }) => [
        ...parents.map((parent, at) =>
          point(`${at}`, at === 0 || parent < 0 ? null : `${parent % at}`),
        ),
        point('current', `${current % parents.length}`),
      ]);
    fc.assert(
      fc.property(histories, nodes => {
        const shown = inPage(nodes);
        expect(shown).toHaveLength(nodes.length);
        expect(atTerminal(nodes)).toEqual(shown);
      }),
    );
  });
});
