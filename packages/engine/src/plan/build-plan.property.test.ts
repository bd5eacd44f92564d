import fc from 'fast-check';

import { SECTOR_BYTES } from '../bytes';
import { ModelVm, type VmEvent } from '../testing/model-vm';
import { planInput, planOptions, storageClass } from '../testing/plan-input';
import { simulatePlan, type Blocks } from '../testing/simulate-plan';
import type { TargetCapabilities } from '../targets/target';
import { buildPlan } from './build-plan';
import type { KeepRule, Plan } from './plan';
import { parsePlan } from './parse-plan';

/** fast-check prints seed and path of a failure; `{ seed, path }` here replays it. */
const RUNS = { numRuns: 250 } as const;

const event: fc.Arbitrary<VmEvent> = fc.record({
  what: fc.constantFrom<VmEvent['what'][]>(
    'write',
    'write',
    'write',
    'zero',
    'snapshot',
    'snapshot',
    'snapshot',
    'revert',
    'revert',
    'revert',
    'add-disk',
    'remove-disk',
    'grow',
  ),
  which: fc.nat(11),
  where: fc.nat(11),
});

const keep: fc.Arbitrary<KeepRule> = fc.oneof(
  fc.constant<KeepRule>({ rule: 'all' }),
  fc.nat(4).map(count => ({ rule: 'newest' as const, count })),
  fc
    .nat(8)
    .map(maxAgeMs => ({ rule: 'age' as const, maxAgeMs: maxAgeMs * 1000, nowUs: 9_000_000 })),
);

const scenario = fc.record({
  events: fc.array(event, { minLength: 1, maxLength: 50, size: 'max' }),
  keep,
  running: fc.boolean(),
  broken: fc.option(fc.nat(20), { nil: undefined, freq: 5 }),
  cutCurrent: fc.constantFrom('always' as const, 'when-the-target-asks' as const),
  sampleWindows: fc.constantFrom(0, 3),
  leaveOut: fc.constantFrom<string[][]>([], [], ['disk1']),
  outlive: fc.constantFrom(true, false, undefined),
  order: fc.infiniteStream(fc.nat(1000)),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function planned(
  of: Scenario,
  capabilities: TargetCapabilities = { classes: [storageClass()] },
): { readonly vm: ModelVm; readonly plan: Plan } {
  const vm = new ModelVm(of.events);
  const tree = vm.tree({
    running: of.running,
    ...(of.broken === undefined ? {} : { broken: of.broken }),
  });
  const { keep: rule, cutCurrent, sampleWindows } = of;
  const plan = buildPlan(
    planInput(
      tree,
      planOptions({ keep: rule, cutCurrent, sampleWindows, leaveOutDisks: of.leaveOut }),
      {
        capabilities,
        probes: of.outlive === undefined ? {} : { fast: { snapshotsOutliveVolume: of.outlive } },
      },
    ),
  );
  return { vm, plan };
}

const blocksOf = (sizeBytes: number): number => sizeBytes / SECTOR_BYTES;

describe('any history, replayed in any order that the plan allows', () => {
  it('says of every length of the history what the plan of that length says', () => {
    fc.assert(
      fc.property(scenario, of => {
        const { plan } = planned(of);
        for (const cost of plan.keepCosts ?? []) {
          const { count, oldest, copiedBytes, neededBytes, volumeSnapshots, estimateMs } = cost;
          const { plan: other } = planned({ ...of, keep: { rule: 'newest', count } });
          const { totals } = other;
          expect(copiedBytes).toBe(totals.dataBytes + totals.zeroBytes);
          expect(neededBytes).toBe(totals.space.reduce((sum, one) => sum + one.neededBytes, 0));
          expect(volumeSnapshots).toBe(totals.volumeSnapshots);
          expect([estimateMs?.low, estimateMs?.high]).toEqual([
            totals.estimateMs?.low,
            totals.estimateMs?.high,
          ]);
          expect(other.snapshots.filter(({ kept }) => kept)).toHaveLength(count);
          if (oldest !== undefined)
            expect(other.snapshots.find(({ id }) => id === oldest.snapshotId)?.kept).toBe(true);
        }
      }),
      { ...RUNS, numRuns: 60 },
    );
  });

  it('says of every snapshot what the plans with it and without it differ by', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom(0, 0.3, 1), (of, snapshotCost) => {
        const capabilities = { classes: [storageClass({ snapshotCost })] };
        const { plan } = planned(of, capabilities);
        const kept = plan.snapshots.filter(each => each.kept).map(({ id }) => id);
        const figuresWith = (names: readonly string[]) => {
          // No snapshot of the model is called as another one's id.
          const { totals } = planned({ ...of, keep: { rule: 'names', names } }, capabilities).plan;
          const neededBytes = totals.space.reduce((sum, one) => sum + one.neededBytes, 0);
          return { neededBytes, highMs: totals.estimateMs?.high ?? 0 };
        };
        for (const { id, costBytes, costMs } of plan.snapshots) {
          const others = kept.filter(other => other !== id);
          const [without, withIt] = [figuresWith(others), figuresWith([...others, id])];
          expect(costBytes).toBe(Math.max(0, withIt.neededBytes - without.neededBytes));
          expect(costMs ?? 0).toBe(Math.max(0, withIt.highMs - without.highMs));
        }
      }),
      { ...RUNS, numRuns: 60 },
    );
  });

  it('ends with every kept state exactly as its chain of layers says', () => {
    fc.assert(
      fc.property(scenario, of => {
        const { vm, plan } = planned(of);
        const order = of.order[Symbol.iterator]();
        const target = simulatePlan(plan, {
          ownBlocks: layerId => vm.ownBlocks(layerId),
          blocksOf,
          choose: below => Number(order.next().value) % below,
        });
        const sizes = new Map(plan.volumes.map(({ id, sizeBytes }) => [id, blocksOf(sizeBytes)]));
        const expectedState = (layerId: string, volumeId: string): Blocks =>
          vm.stateOf(layerId, sizes.get(volumeId) ?? 0);

        for (const cut of plan.volumeSnapshots) {
          expect(target.taken.get(cut.id)).toEqual(expectedState(cut.layerId, cut.volumeId));
          expect(target.left.has(cut.id)).toBe(cut.purpose !== 'fork');
        }
        // Present states are on the main volumes, as far as they can be read; branches are gone, or stay.
        const carried = plan.disks.filter(disk => disk.leftOut === undefined).map(({ id }) => id);
        const left = new Map(target.volumes);
        for (const { diskId, layerId } of plan.current.disks) {
          const readable = vm.readableUnder(layerId);
          if (!carried.includes(diskId) || readable === undefined) continue;
          const main = `${diskId}-main`;
          expect(target.volumes.get(main)).toEqual(expectedState(readable, main));
          left.delete(main);
        }
        const branches = plan.volumes.filter(({ role }) => role === 'branch').map(({ id }) => id);
        expect([...left.keys()].sort()).toEqual(of.outlive === false ? branches.sort() : []);
      }),
      RUNS,
    );
  });

  it('has exactly one VolumeSnapshot for each kept snapshot and carried disk, or a finding', () => {
    fc.assert(
      fc.property(scenario, of => {
        const { vm, plan } = planned(of);
        const carried = new Set(
          plan.disks.filter(disk => disk.leftOut === undefined).map(({ id }) => id),
        );
        const findings = new Set(plan.findings.map(({ id }) => id));
        const kept = new Set(plan.snapshots.filter(snapshot => snapshot.kept).map(({ id }) => id));
        for (const snapshot of plan.tree.snapshots) {
          for (const { diskId, layerId } of snapshot.disks) {
            const cuts = plan.volumeSnapshots.filter(
              cut => cut.snapshotId === snapshot.id && cut.diskId === diskId,
            );
            if (!kept.has(snapshot.id) || !carried.has(diskId)) {
              expect(cuts).toEqual([]);
            } else if (vm.readableUnder(layerId) === layerId) {
              expect(cuts.map(cut => cut.layerId)).toEqual([layerId]);
            } else {
              expect(cuts).toEqual([]);
              expect(findings).toContain(`snapshot-incomplete:${snapshot.id}`);
            }
          }
          if (kept.has(snapshot.id)) continue;
          const told =
            findings.has(`snapshot-merged:${snapshot.id}`) ||
            findings.has(`snapshot-dropped:${snapshot.id}`);
          expect(told || !snapshot.disks.some(({ diskId }) => carried.has(diskId))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('has valid names and ids of its own, layers in order on one volume each, and parents before children', () => {
    fc.assert(
      fc.property(scenario, of => {
        const { plan } = planned(of);
        const seen = new Set<string>();
        for (const step of plan.steps) {
          expect(step.after.filter(id => !seen.has(id))).toEqual([]);
          expect(seen.has(step.id)).toBe(false);
          seen.add(step.id);
        }
        const names = [...plan.volumes, ...plan.volumeSnapshots].map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(plan.volumes.every(({ name }) => name.length <= 55)).toBe(true);
        expect(plan.volumeSnapshots.every(({ name }) => name.length <= 63)).toBe(true);

        const parents = new Map(plan.layers.map(({ id, parentId }) => [id, parentId]));
        for (const { layers } of plan.volumes) {
          expect(layers.slice(1).map(id => parents.get(id))).toEqual(layers.slice(0, -1));
        }
        const applied = plan.steps
          .filter(({ kind }) => kind === 'applyLayer')
          .map(({ layerId }) => layerId);
        expect([...applied].sort()).toEqual(
          plan.layers
            .filter(({ flag }) => flag === 'needs-migration')
            .map(({ id }) => id)
            .sort(),
        );
        for (const layer of plan.layers) {
          expect(layer.reason === undefined).toBe(layer.flag === 'needs-migration');
        }
      }),
      RUNS,
    );
  });

  it('is tried on forks, branches of branches, shared layers and removed disks, not on chains alone', () => {
    const seen = new Set<string>();
    for (const of of fc.sample(scenario, { numRuns: 400, seed: 1 })) {
      const { plan } = planned(of);
      const volumeOfCut = new Map(plan.volumeSnapshots.map(cut => [cut.id, cut.volumeId]));
      const roles = new Map(plan.volumes.map(({ id, role }) => [id, role]));
      for (const cut of plan.volumeSnapshots) seen.add(`cut ${cut.purpose}`);
      for (const { role, restoredFrom } of plan.volumes) {
        if (restoredFrom === undefined) seen.add(`${role} from nothing`);
        else seen.add(`${role} from ${roles.get(volumeOfCut.get(restoredFrom) ?? '') ?? '?'}`);
      }
      const layers = plan.volumeSnapshots
        .filter(({ purpose }) => purpose === 'snapshot')
        .map(({ layerId }) => layerId);
      if (new Set(layers).size < layers.length) seen.add('several on one layer');
      for (const { kind } of plan.findings) seen.add(kind);
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'cut snapshot',
        'cut fork',
        'cut current',
        'main from nothing',
        'branch from nothing',
        'branch from main',
        'branch from branch',
        'several on one layer',
        'snapshot-merged',
        'snapshot-dropped',
        'snapshot-incomplete',
        'current-not-frozen',
        'current-not-readable',
        'disk-left-out',
        'leftover-delta',
        'branch-volumes-stay',
      ]),
    );
  });

  it('comes back from its file as it was', () => {
    fc.assert(
      fc.property(scenario, of => {
        const { plan } = planned(of);
        expect(parsePlan(JSON.stringify(plan), 'plan.json')).toEqual(
          JSON.parse(JSON.stringify(plan)),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('the simulation itself', () => {
  const history = planInput('B(S1) -> D1*; B -> D2(S2)', { sampleWindows: 1 });
  const simulation = {
    ownBlocks: (layerId: string) => new Map([[0, layerId.length]]),
    blocksOf: () => 1,
    // The last that became ready runs first: the order that breaks a missing edge.
    choose: (below: number) => below - 1,
  };
  const without = (stepId: string, edge: string): Plan => {
    const plan = buildPlan(history);
    return {
      ...plan,
      steps: plan.steps.map(step =>
        step.id === stepId
          ? { ...step, after: step.after.map(id => (id === edge ? 'applyLayer:disk-main:B' : id)) }
          : step,
      ),
    };
  };

  it('passes a right plan', () => {
    expect(() => simulatePlan(buildPlan(history), simulation)).not.toThrow();
  });

  it.each([
    ['applyLayer:disk-main:D1', 'takeSnapshot:disk-snapshot-S1', /not cut|does not hold/],
    ['restoreVolume:disk-D2', 'takeSnapshot:disk-snapshot-S1', /not there yet/],
    ['removeVolume:disk-D2', 'sampleSnapshot:disk-snapshot-S2', /not done/],
  ])('notices when %s no longer waits for %s', (stepId, edge, message) => {
    const orders = [
      (below: number) => below - 1,
      () => 0,
      (below: number) => Math.floor(below / 2),
    ];
    const failures = orders.flatMap(choose => {
      try {
        simulatePlan(without(stepId, edge), { ...simulation, choose });
        return [];
      } catch (error) {
        return [String(error)];
      }
    });
    expect(failures.join('\n')).toMatch(message);
  });
});
