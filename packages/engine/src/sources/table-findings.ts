/** What the tables of a layer's files have to tell although they can be read: as findings of the plan. */
import type { TableOddity } from '../formats/layer';
import { finding, type FindingKindName } from './finding-kinds';
import type { Finding, LayerNode } from './snapshot-tree';

/** @param layer whose files were checked; its findings are named after its file */
export function tableFindings(
  layer: Pick<LayerNode, 'file'>,
  oddities: readonly TableOddity[],
): Finding[] {
  const byKind = new Map<TableOddity['kind'], TableOddity[]>();
  for (const oddity of oddities)
    byKind.set(oddity.kind, [...(byKind.get(oddity.kind) ?? []), oddity]);
  return [...byKind].map(([kind, found]) =>
    finding(KINDS[kind], layer.file, found.map(oddity => WORDS[kind](oddity)).join(' ')),
  );
}

const KINDS = {
  'copies-differ': 'table-copies-differ',
  'grain-shared': 'grain-shared',
  'not-compared': 'grains-not-compared',
} as const satisfies Record<TableOddity['kind'], FindingKindName>;

const WORDS: Readonly<Record<TableOddity['kind'], (oddity: TableOddity) => string>> = {
  'copies-differ': ({ file, offsetBytes, count, detail }) =>
    `The two copies of the tables in ${file} differ in ${counted(count)}, first at offset ${offsetBytes}: ${detail}.`,
  'grain-shared': ({ file, offsetBytes, count, detail }) =>
    `${counted(count)} of the tables in ${file} lead to a grain that is taken, first at offset ${offsetBytes}: ${detail}.`,
  'not-compared': ({ file, offsetBytes, count, detail }) =>
    `${count} grains of ${file}, from the entry at offset ${offsetBytes} on, were not looked at for grains that two entries share: ${detail}.`,
};

function counted(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`;
}
