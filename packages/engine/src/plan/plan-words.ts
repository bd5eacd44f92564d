import type { Plan, PlannedLayer, PlannedStep, PlannedVolumeSnapshot } from './plan';

/**
 * The plan's steps as a person would write them on a board, one line a volume, e.g.
 * `main: create, B, cut S1, D1, cut S2, D5` and `side: restore S1, D3, cut S3, remove`; working
 * VolumeSnapshots and their removal, what is waited for, and what is read back, on lines of their own at the end.
 * With several disks every line starts with the disk's label. Read from the steps, in their order.
 */
export function planWords(plan: Plan): readonly string[] {
  const words = new StepWords(plan);
  const lines = new Map<string, string[]>();
  const last: string[] = [];
  for (const step of plan.steps) {
    const word = words.of(step);
    if (word === undefined) continue;
    if (
      step.kind === 'awaitSnapshot' ||
      step.kind === 'sampleSnapshot' ||
      step.kind === 'removeVolumeSnapshot' ||
      step.volumeId === undefined
    ) {
      last.push(`${words.lineStart(step)}${word}`);
      continue;
    }
    const line = lines.get(step.volumeId);
    if (line === undefined)
      lines.set(step.volumeId, [`${words.lineStart(step)}${words.role(step)}: ${word}`]);
    else line.push(word);
  }
  return [...[...lines.values()].map(line => line.join(', ')), ...last];
}

class StepWords {
  private readonly layers: ReadonlyMap<string, PlannedLayer>;
  private readonly cuts: ReadonlyMap<string, PlannedVolumeSnapshot>;

  constructor(private readonly plan: Plan) {
    this.layers = new Map(plan.layers.map(layer => [layer.id, layer]));
    this.cuts = new Map(plan.volumeSnapshots.map(cut => [cut.id, cut]));
  }

  of(step: PlannedStep): string | undefined {
    switch (step.kind) {
      case 'proveClass':
        return undefined;
      case 'createVolume':
        return 'create';
      case 'restoreVolume':
        return `restore ${this.point(step)}`;
      case 'applyLayer':
        return this.layer(step.layerId);
      case 'takeSnapshot':
        return `cut ${this.point(step)}`;
      case 'awaitSnapshot':
        return `ready ${this.point(step)}`;
      case 'sampleSnapshot':
        return `sample ${this.point(step)}`;
      case 'verifySnapshot':
        return `verify ${this.point(step)}`;
      case 'removeVolume':
        return 'remove';
      case 'removeVolumeSnapshot':
        return `remove ${this.point(step)}`;
      default:
        return step.kind satisfies never;
    }
  }

  lineStart(step: PlannedStep): string {
    const carried = this.plan.disks.filter(disk => disk.leftOut === undefined);
    const label = carried.find(disk => disk.id === step.diskId)?.label;
    return carried.length < 2 || label === undefined ? '' : `${label} `;
  }

  role(step: PlannedStep): string {
    const volume = this.plan.volumes.find(each => each.id === step.volumeId);
    return volume?.role === 'main' ? 'main' : 'side';
  }

  /** A VMware snapshot's name; `fork at B` for a working VolumeSnapshot; `current`. */
  private point(step: PlannedStep): string {
    const cut = this.cuts.get(step.volumeSnapshotId ?? '');
    if (cut?.purpose === 'fork') return `fork at ${this.layer(cut.layerId)}`;
    if (cut?.purpose === 'current') return 'current';
    const snapshot = this.plan.snapshots.find(each => each.id === cut?.snapshotId);
    return snapshot?.name ?? '?';
  }

  private layer(id: string | undefined): string {
    return (
      this.layers
        .get(id ?? '')
        ?.file.replace(/^.*\//, '')
        .replace(/\.vmdk$/i, '') ?? '?'
    );
  }
}
