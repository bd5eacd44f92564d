/**
 * One disk of a plan as a tree: its layers in the order in which they are written, under each the
 * points that are cut, and a rail for every branch that goes on on a volume of its own.
 */
import type { Plan } from '@vm-migrate/engine';
import { displayWidth, padEnd, padStart, shortenMiddle } from './display-width';
import { printable } from './escape';
import { bytes } from './format';
import { marksOf } from './marks';
import { drawRails, type RailNode } from './rails';
import type { Style } from './style';

type PlannedDisk = Plan['disks'][number];
type PlannedVolume = Plan['volumes'][number];
type PlannedCut = Plan['volumeSnapshots'][number];

const GAP = '  ';

export function diskPlanLines(plan: Plan, disk: PlannedDisk, style: Style): string[] {
  const { palette, symbols, width } = style;
  const volumes = plan.volumes.filter(({ diskId }) => diskId === disk.id);
  const main = volumes.find(({ role }) => role === 'main');
  const facts = `${bytes(disk.sizeBytes)}, class ${printable(disk.storageClass)}`;
  const label = printable(disk.label);
  const room = width - displayWidth(label) - displayWidth(facts) - 2 * GAP.length;
  const title = `${palette.bold(label)}${GAP}${shortenMiddle(printable(disk.rootFile), room, symbols)}${GAP}${palette.dim(facts)}`;
  const steps = new DiskSteps(plan, volumes, style);
  return [
    title,
    ...(main === undefined ? [] : [steps.volumeLine(main)]),
    ...drawRails(steps.nodes(), style),
  ];
}

class DiskSteps {
  private readonly layers: ReadonlyMap<string, Plan['layers'][number]>;
  private readonly cuts: readonly PlannedCut[];
  private readonly fileWidth: number;
  private readonly bytesWidth: number;

  constructor(
    private readonly plan: Plan,
    private readonly volumes: readonly PlannedVolume[],
    private readonly style: Style,
  ) {
    const ids = new Set(volumes.map(({ id }) => id));
    this.layers = new Map(plan.layers.map(layer => [layer.id, layer]));
    this.cuts = plan.volumeSnapshots.filter(({ volumeId }) => ids.has(volumeId));
    const applied = volumes.flatMap(volume => volume.layers);
    this.fileWidth = Math.max(0, ...applied.map(id => displayWidth(this.fileOf(id))));
    this.bytesWidth = Math.max(0, ...applied.map(id => displayWidth(this.bytesOf(id))));
  }

  /** One node for each layer on each volume; the volumes stand in the order of the plan. */
  nodes(): RailNode[] {
    return this.volumes.flatMap(volume =>
      volume.layers.map((layerId, index): RailNode => {
        const before = volume.layers[index - 1];
        return {
          id: nodeId(volume.id, layerId),
          parentId: before === undefined ? this.forkOf(volume) : nodeId(volume.id, before),
          mark: marksOf(this.style).ready,
          // A lane is a volume: what is written onto the same volume stays in it.
          main: before !== undefined,
          lines: room => [
            this.layerLine(layerId, room),
            ...this.cutsOf(volume, layerId).map(cut => this.cutLine(cut, room)),
          ],
          ...(index === 0 && volume.role === 'branch'
            ? { onFork: room => this.branchWords(volume, room) }
            : {}),
        };
      }),
    );
  }

  volumeLine(volume: PlannedVolume): string {
    const { palette, symbols, width } = this.style;
    const words = `onto volume ${volume.name}${volume.atEnd === 'keep' ? '' : ', removed at the end'}`;
    return palette.dim(shortenMiddle(words, width, symbols));
  }

  /** The layer on whose VolumeSnapshot the volume starts; a volume that starts empty hangs on nothing. */
  private forkOf(volume: PlannedVolume): string | null {
    const cut = this.plan.volumeSnapshots.find(({ id }) => id === volume.restoredFrom);
    return cut === undefined ? null : nodeId(cut.volumeId, cut.layerId);
  }

  private branchWords({ name, atEnd }: PlannedVolume, room: number): string {
    const words = `branch volume ${name}${atEnd === 'keep' ? ', stays' : ', removed at the end'}`;
    return this.style.palette.dim(shortenMiddle(words, room, this.style.symbols));
  }

  private layerLine(layerId: string, room: number): string {
    const { palette, symbols } = this.style;
    const size = padStart(this.bytesOf(layerId), this.bytesWidth);
    const file = Math.max(8, Math.min(this.fileWidth, room - this.bytesWidth - GAP.length));
    const zero = this.layers.get(layerId)?.ownBytes.zero ?? 0;
    const line = `${padEnd(shortenMiddle(this.fileOf(layerId), file, symbols), file)}${GAP}${size}`;
    const zeros = zero === 0 ? '' : `${GAP}${bytes(zero)} of it zeros`;
    return displayWidth(line) + displayWidth(zeros) <= room ? line + palette.dim(zeros) : line;
  }

  private cutLine(cut: PlannedCut, room: number): string {
    const { palette, symbols } = this.style;
    const arrow = marksOf(this.style).arrow;
    const point = this.pointOf(cut);
    const color = cut.purpose === 'fork' ? palette.dim : palette.green;
    const words = `${arrow} ${point}`;
    const left = room - GAP.length;
    // Before the start the object's name is a detail; the snapshot's is what a person looks for.
    const whole = displayWidth(words) + GAP.length + displayWidth(cut.name) <= left;
    if (whole) return `${GAP}${color(words)}${GAP}${palette.dim(cut.name)}`;
    return GAP + color(shortenMiddle(words, left, symbols));
  }

  private pointOf({ purpose, snapshotId }: PlannedCut): string {
    if (purpose === 'fork') return 'working VolumeSnapshot for the fork';
    if (purpose === 'current') return 'the current state';
    const snapshot = this.plan.snapshots.find(({ id }) => id === snapshotId);
    return printable(snapshot?.name ?? '') || `snapshot ${printable(snapshotId ?? '?')}`;
  }

  private cutsOf(volume: PlannedVolume, layerId: string): readonly PlannedCut[] {
    return this.cuts.filter(cut => cut.volumeId === volume.id && cut.layerId === layerId);
  }

  private fileOf(layerId: string): string {
    return printable(this.layers.get(layerId)?.file ?? layerId);
  }

  private bytesOf(layerId: string): string {
    const own = this.layers.get(layerId)?.ownBytes;
    return own === undefined ? '-' : bytes(own.data + own.zero);
  }
}

function nodeId(volumeId: string, layerId: string): string {
  return `${volumeId}/${layerId}`;
}
