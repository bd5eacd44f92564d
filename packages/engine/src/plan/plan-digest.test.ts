import { planInput } from '../testing/plan-input';
import { tree, TREE_EPOCH_US, TREE_HOUR_US } from '../testing/tree-notation';
import { buildPlan } from './build-plan';
import { canonicalJson } from '../canonical-json';
import { planDifference } from './plan-difference';
import type { Plan, PlanOptions } from './plan';
import type { LayerNode, SnapshotTree } from '../sources/snapshot-tree';

const BASE = tree('B(S1) -> D1(S2) -> D2!running*');

function withLayer(id: string, change: (layer: LayerNode) => Partial<LayerNode>): SnapshotTree {
  return {
    ...BASE,
    disks: BASE.disks.map(disk => ({
      ...disk,
      layers: disk.layers.map(layer => (layer.id === id ? { ...layer, ...change(layer) } : layer)),
    })),
  };
}
const touched = (layer: LayerNode): Partial<LayerNode> => ({
  manifest: { ...layer.manifest, cid: '12345678' },
});
const plan = (
  from: SnapshotTree = BASE,
  options: Partial<PlanOptions> = {},
  freeBytes = 1e12,
): Plan => {
  const input = planInput(from, options);
  const classes = input.capabilities.classes.map(each => ({ ...each, freeBytes }));
  return buildPlan({ ...input, capabilities: { classes } });
};

describe('canonical JSON', () => {
  it('does not depend on the order of fields, and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'ü' })).toBe(
      '{"a":"ü","b":[1,{"d":null}]}',
    );
  });

  it.each([[NaN], [10n], [undefined], [() => 1]])('refuses %p', value => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('the digest of a plan', () => {
  const shown = plan();

  it.each<[string, Plan, RegExp]>([
    ['a frozen file', plan(withLayer('B', touched)), /file B.vmdk changed at the source/],
    [
      'an option',
      plan(BASE, { cutCurrent: 'always' }),
      /option cutCurrent: was when-the-target-asks, is always/,
    ],
    [
      'what is kept',
      plan(BASE, { keep: { rule: 'newest', count: 1 } }),
      /what is kept: was every snapshot, is the newest 1\n[^]*snapshot 'S1': kept: was true, is false/,
    ],
    [
      'access to a file',
      plan(withLayer('D2', () => ({ access: 'frozen' }))),
      /file D2.vmdk: was running, is frozen/,
    ],
    ['a finding', plan(BASE, {}, 1), /finding space-short:fast .* is new/],
    [
      'a snapshot',
      plan({ ...BASE, snapshots: BASE.snapshots.slice(0, 1) }),
      /snapshot 'S2' is gone/,
    ],
    [
      "a snapshot's name",
      plan({
        ...BASE,
        snapshots: BASE.snapshots.map(each => (each.id === 'S1' ? { ...each, name: 'new' } : each)),
      }),
      /snapshot 'new': name: was S1, is new/,
    ],
    [
      'the target',
      { ...shown, ...buildPlan({ ...planInput(BASE), target: 'other' }) },
      /the target: was local, is other/,
    ],
    [
      'the configuration',
      plan({ ...BASE, vm: { ...BASE.vm, configDigests: { 'web-1.vmx': 'f'.repeat(64) } } }),
      /file web-1.vmx changed/,
    ],
    [
      'a new disk',
      plan({ ...BASE, disks: [...BASE.disks, ...tree({ x: 'X*' }).disks] }),
      /disk x \(X.vmdk\) is new/,
    ],
  ])('changes with %s, and the difference says so', (_, now, line) => {
    expect(now.digest).not.toBe(shown.digest);
    expect(planDifference(shown, now).join('\n')).toMatch(line);
  });

  it.each<[string, Plan]>([
    ['the manifest of a running file that is not read', plan(withLayer('D2', touched))],
    [
      'bytes that somebody counted',
      plan(withLayer('B', () => ({ ownBytes: { data: 7, zero: 0 } }))),
    ],
    ['free space that is still enough', plan(BASE, {}, 2e12)],
  ])('does not change with %s', (_, now) => {
    expect(now.digest).toBe(shown.digest);
    expect(planDifference(shown, now)).toEqual([]);
  });

  it('does not change with the clock from which ages are counted, only with what is kept', () => {
    const at = (hours: number): Plan =>
      plan(BASE, {
        keep: { rule: 'age', maxAgeMs: 2 * 3_600_000, nowUs: TREE_EPOCH_US + hours * TREE_HOUR_US },
      });
    expect(at(2.1).digest).toBe(at(2.2).digest);
    expect(planDifference(at(2.1), at(2.2))).toEqual([]);
    expect(at(3.5).digest).not.toBe(at(2.1).digest);
  });
});
