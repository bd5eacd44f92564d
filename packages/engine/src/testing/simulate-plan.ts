import type { Plan, PlannedStep } from '../plan/plan';

/** Content of a disk state in a model: one number a block, 0 for zeros. */
export type Blocks = readonly number[];

/** What a layer itself says: block -> value; 0 is an explicit zero, absent is inherited. */
export type OwnBlocks = ReadonlyMap<number, number>;

export interface SimulatedTarget {
  /** Content of the volumes that are left, by volume id. */
  readonly volumes: ReadonlyMap<string, Blocks>;
  /** Content of every VolumeSnapshot that was ever taken, by id. */
  readonly taken: ReadonlyMap<string, Blocks>;
  /** Ids of those that were not removed. */
  readonly left: ReadonlySet<string>;
}

export interface Simulation {
  readonly ownBlocks: (layerId: string) => OwnBlocks;
  readonly blocksOf: (sizeBytes: number) => number;
  /** Number in [0, below): chooses among the steps that could run next. */
  readonly choose: (below: number) => number;
}

/**
 * Carries out a plan's steps on arrays, in any order that the DAG allows, and throws where a real
 * target would be left with wrong data: a layer on a volume that does not hold its parent, a state
 * overwritten before it was cut, anything that needs what is gone or not there yet.
 */
export function simulatePlan(plan: Plan, simulation: Simulation): SimulatedTarget {
  const target = new ModelTarget(plan, simulation);
  const waiting = new Map(plan.steps.map(step => [step.id, new Set(step.after)]));
  const children = new Map<string, string[]>();
  for (const step of plan.steps) {
    for (const id of step.after) {
      if (!waiting.has(id)) throw new Error(`${step.id} waits for ${id}, which nobody does`);
      children.set(id, [...(children.get(id) ?? []), step.id]);
    }
  }
  const byId = new Map(plan.steps.map(step => [step.id, step]));
  if (byId.size !== plan.steps.length) throw new Error('two steps have one id');
  const ready = plan.steps.filter(step => step.after.length === 0);
  let done = 0;
  while (ready.length > 0) {
    const [step] = ready.splice(simulation.choose(ready.length), 1);
    if (step === undefined) throw new Error('chose a step that is not there');
    target.run(step);
    done += 1;
    for (const child of children.get(step.id) ?? []) {
      const open = waiting.get(child);
      open?.delete(step.id);
      const next = byId.get(child);
      if (open?.size === 0 && next !== undefined) ready.push(next);
    }
  }
  if (done !== plan.steps.length)
    throw new Error(`${plan.steps.length - done} steps wait for each other`);
  return target;
}

class ModelTarget implements SimulatedTarget {
  readonly volumes = new Map<string, number[]>();
  readonly taken = new Map<string, Blocks>();
  readonly left = new Set<string>();
  private readonly holds = new Map<string, string | undefined>();
  private readonly proved = new Set<string>();
  private readonly sampled = new Set<string>();
  private readonly ready = new Set<string>();

  constructor(
    private readonly plan: Plan,
    private readonly simulation: Simulation,
  ) {}

  /** Where the plan waits for readiness by a step of its own. */
  private assertReady(cutId: string): void {
    const awaited = this.plan.steps.some(
      step => step.kind === 'awaitSnapshot' && step.volumeSnapshotId === cutId,
    );
    if (awaited && !this.ready.has(cutId)) throw new Error(`${cutId} is not ready yet`);
  }

  run(step: PlannedStep): void {
    const fail = (why: string): never => {
      throw new Error(`${step.id}: ${why}`);
    };
    const volumePlan = this.plan.volumes.find(({ id }) => id === step.volumeId);
    const cut = this.plan.volumeSnapshots.find(({ id }) => id === step.volumeSnapshotId);
    const volume = volumePlan && this.volumes.get(volumePlan.id);

    switch (step.kind) {
      case 'proveClass':
        this.proved.add(step.storageClass);
        return;
      case 'createVolume':
      case 'restoreVolume': {
        if (volumePlan === undefined || volume !== undefined)
          return fail('unknown, or there already');
        if (!this.proved.has(step.storageClass)) return fail('its class is not proved');
        if (step.kind === 'createVolume') {
          const blocks = this.simulation.blocksOf(volumePlan.sizeBytes);
          this.volumes.set(volumePlan.id, new Array<number>(blocks).fill(0));
          this.holds.set(volumePlan.id, undefined);
          return;
        }
        const content = this.taken.get(cut?.id ?? '');
        if (cut === undefined || content === undefined)
          return fail('its VolumeSnapshot is not there yet');
        if (!this.left.has(cut.id)) return fail('its VolumeSnapshot is gone');
        this.assertReady(cut.id);
        this.volumes.set(volumePlan.id, [...content]);
        this.holds.set(volumePlan.id, cut.layerId);
        return;
      }
      case 'applyLayer': {
        const layer = this.plan.layers.find(({ id }) => id === step.layerId);
        if (volumePlan === undefined || volume === undefined)
          return fail('its volume is not there');
        if (layer === undefined) return fail('unknown layer');
        const held = this.holds.get(volumePlan.id);
        if (held !== layer.parentId)
          fail(`the volume holds ${held ?? 'nothing'}, not ${layer.parentId ?? 'nothing'}`);
        const uncut = this.plan.volumeSnapshots.find(
          each =>
            each.volumeId === volumePlan.id && each.layerId === held && !this.taken.has(each.id),
        );
        if (uncut !== undefined) fail(`would overwrite the state of ${uncut.id}, which is not cut`);
        for (const [block, value] of this.simulation.ownBlocks(layer.id)) volume[block] = value;
        this.holds.set(volumePlan.id, layer.id);
        return;
      }
      case 'takeSnapshot': {
        if (cut === undefined || volume === undefined) return fail('its volume is not there');
        if (this.holds.get(cut.volumeId) !== cut.layerId)
          fail(`the volume does not hold ${cut.layerId}`);
        if (this.taken.has(cut.id)) fail('taken twice');
        this.taken.set(cut.id, [...volume]);
        this.left.add(cut.id);
        return;
      }
      case 'awaitSnapshot':
        if (cut === undefined || !this.left.has(cut.id)) fail('its VolumeSnapshot is not there');
        this.ready.add(cut?.id ?? '');
        return;
      case 'sampleSnapshot':
      case 'verifySnapshot':
        if (cut === undefined || !this.left.has(cut.id)) fail('its VolumeSnapshot is not there');
        this.assertReady(cut?.id ?? '');
        this.sampled.add(cut?.id ?? '');
        return;
      case 'removeVolume': {
        if (volumePlan === undefined || volume === undefined) return fail('not there');
        const open = this.plan.volumeSnapshots.find(
          each => each.volumeId === volumePlan.id && !this.taken.has(each.id),
        );
        if (open !== undefined) fail(`${open.id} is not cut yet`);
        const unproved = this.plan.steps.find(
          each =>
            each.kind === 'sampleSnapshot' &&
            each.volumeId === volumePlan.id &&
            !this.sampled.has(each.volumeSnapshotId ?? ''),
        );
        if (unproved !== undefined) fail(`${unproved.id} is not done yet`);
        for (const each of this.plan.volumeSnapshots)
          if (each.volumeId === volumePlan.id) this.assertReady(each.id);
        this.volumes.delete(volumePlan.id);
        return;
      }
      case 'removeVolumeSnapshot': {
        if (cut === undefined || !this.left.has(cut.id)) return fail('not there');
        for (const user of this.plan.volumes.filter(each => each.restoredFrom === cut.id)) {
          const finished =
            !this.volumes.has(user.id) || this.holds.get(user.id) === user.layers.at(-1);
          if (!this.holds.has(user.id) || !finished) fail(`${user.id} may still need it`);
        }
        this.assertReady(cut.id);
        this.left.delete(cut.id);
        return;
      }
      default:
        step.kind satisfies never;
    }
  }
}
