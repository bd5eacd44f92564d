import { MIB } from '../bytes';
import { tree } from './tree-notation';

describe('tree notation', () => {
  const example = tree('B[10+2/64](S1) -> D1(S2) -> D5!running*;  B -> D3(S3)');

  it('reads layers with their parents, sizes and access', () => {
    expect(
      example.disks[0]?.layers.map(({ id, parentId, access }) => [id, parentId, access]),
    ).toEqual([
      ['B', undefined, 'frozen'],
      ['D1', 'B', 'frozen'],
      ['D5', 'D1', 'running'],
      ['D3', 'B', 'frozen'],
    ]);
    expect(example.disks[0]?.layers[0]).toMatchObject({
      sizeBytes: 64 * MIB,
      ownBytes: { data: 10 * MIB, zero: 2 * MIB },
    });
  });

  it('hangs snapshots on the youngest one under them, and the present state on its layer', () => {
    expect(example.snapshots.map(({ id, parentId }) => [id, parentId])).toEqual([
      ['S1', undefined],
      ['S2', 'S1'],
      ['S3', 'S1'],
    ]);
    expect(example.current).toEqual({
      power: 'running',
      disks: [{ diskId: 'disk', layerId: 'D5', slot: 'scsi0:0' }],
    });
  });

  it('joins the disks of one snapshot by its name', () => {
    const two = tree({ a: 'A(S1) -> A1(S2)*', b: 'B(S2)*' });
    expect(two.snapshots.map(({ disks }) => disks.map(({ layerId }) => layerId))).toEqual([
      ['a/A'],
      ['a/A1', 'b/B'],
    ]);
  });

  it('refuses what it cannot read', () => {
    expect(() => tree('B(S1 -> D1*')).toThrow(/cannot read/);
  });
});
