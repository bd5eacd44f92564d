import { MIB } from '../bytes';
import { planInput, storageClass } from '../testing/plan-input';
import { buildPlan } from './build-plan';
import { parsePlan } from './parse-plan';

/** S1 and S2 on the way to the present state, S4 a leaf beside it; S4 is the newest. */
const HISTORY = 'B[10](S1) -> D1[3](S2) -> D2[5]*;  B -> D3[7](S4)';

describe('what a longer kept history costs', () => {
  const costsOf = (snapshotCost: number) =>
    buildPlan(
      planInput(HISTORY, {}, { capabilities: { classes: [storageClass({ snapshotCost })] } }),
    ).keepCosts?.map(({ count, oldest, copiedBytes, neededBytes, volumeSnapshots }) => [
      count,
      oldest?.snapshotId ?? null,
      (oldest?.ownBytes ?? 0) / MIB,
      copiedBytes / MIB,
      neededBytes / MIB,
      volumeSnapshots,
    ]);

  it('is what is copied, held and cut, step by step', () => {
    // Shared blocks: what is written stays, a cut costs what is overwritten after it.
    expect(costsOf(0)).toEqual([
      [0, null, 0, 18, 18, 0],
      // The leaf takes its own layer, and a VolumeSnapshot at the fork that is removed in the end.
      [1, 'S4', 7, 25, 25, 2],
      [2, 'S2', 13, 25, 25, 3],
      [3, 'S1', 10, 25, 25, 3],
    ]);
  });

  it('counts each VolumeSnapshot whole where a class copies', () => {
    expect(costsOf(1)?.map(([count, , , , needed]) => [count, needed])).toEqual([
      [0, 18],
      // Main volume 18 and its copy at the fork 10; the branch 17 and its copy 17.
      [1, 62],
      [2, 75],
      [3, 75],
    ]);
  });

  it('says which layers end up in the oldest that is kept', () => {
    const two = buildPlan(planInput('B[10](S1) -> D1[3](S2) -> D2[5]*', {})).keepCosts;
    expect(two?.map(({ oldest }) => (oldest?.ownBytes ?? 0) / MIB)).toEqual([0, 13, 10]);
  });

  it('takes longer with more VolumeSnapshots', () => {
    const { keepCosts = [] } = buildPlan(planInput(HISTORY, {}));
    const high = keepCosts.map(({ estimateMs }) => estimateMs?.high ?? 0);
    expect(high[1]).toBeGreaterThan(high[0] ?? Infinity);
    expect(high[2]).toBeGreaterThanOrEqual(high[1] ?? Infinity);
  });

  it('is worked out for some lengths of a long history, none and all among them', () => {
    const chain = Array.from({ length: 100 }, (_, index) => `D${index}(S${index})`).join(' -> ');
    const counts = buildPlan(planInput(`${chain}*`, {})).keepCosts?.map(({ count }) => count) ?? [];
    expect([counts[0], counts.at(-1), counts.length]).toEqual([0, 100, 33]);
    const gaps = counts.slice(1).map((count, index) => count - (counts[index] ?? 0));
    expect(new Set(gaps)).toEqual(new Set([3, 4]));
  });

  it('stays within a plan file', () => {
    const plan = buildPlan(planInput(HISTORY, {}));
    expect(parsePlan(JSON.stringify(plan), 'plan.json').keepCosts).toEqual(plan.keepCosts);
    const { keepCosts: _, ...older } = plan;
    expect(parsePlan(JSON.stringify(older), 'plan.json').keepCosts).toBeUndefined();
  });
});
