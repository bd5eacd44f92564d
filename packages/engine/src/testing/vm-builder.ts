/**
 * Builds test VMs by doing to them what a user of VMware does: write, take a snapshot, revert, add
 * or remove a disk. It keeps a naive model of every state beside it, which knows nothing of deltas;
 * `finish` writes the folder and hands the model over as the expectation.
 */
import { DiskContent } from './disk-content';
import { seededNumbers } from './encoders/grains';
import {
  GRAIN_BYTES,
  type BuiltDisk,
  type BuiltDiskState,
  type BuiltSnapshot,
  type BuiltLayer,
  type NewDisk,
  type NewSnapshot,
  type VmBuilderOptions,
  type VmFolderFiles,
} from './built-vm';
import { writeVmFolder, type WrittenVm } from './write-vm-folder';

export type { TestDiskFormat, VmFolderFiles } from './built-vm';

const FIRST_SNAPSHOT_US = Date.UTC(2023, 4, 17, 9, 30) * 1000;
const MINUTE_US = 60_000_000;

export class VmBuilder {
  readonly disks = new Map<string, BuiltDisk>();
  readonly snapshots: BuiltSnapshot[] = [];
  current = new Map<string, BuiltDiskState>();
  currentUid: string | undefined;
  power: 'off' | 'running' = 'off';
  private taken = 0;
  private readonly random: () => number;

  constructor(readonly options: VmBuilderOptions) {
    this.random = seededNumbers(options.seed ?? 1);
  }

  /** The key by which the other calls name the disk. */
  addDisk(disk: NewDisk): string {
    const key = `disk${this.disks.size}`;
    const stem =
      disk.stem ??
      (this.disks.size === 0 ? this.options.name : `${this.options.name}_${this.disks.size}`);
    const built: BuiltDisk = {
      key,
      format: disk.format,
      sizeBytes: disk.sizeBytes,
      stem,
      mode: disk.mode ?? 'persistent',
      layers: [],
    };
    this.disks.set(key, built);
    const slot = disk.slot ?? this.freeSlot();
    this.current.set(key, { slot, layer: this.newLayer(built, undefined) });
    return key;
  }

  /** Unplugs it; its files stay while a snapshot names them. */
  removeDisk(key: string): void {
    const { layer } = this.stateOf(key);
    this.current.delete(key);
    this.dropUnlessNamed(layer);
  }

  moveDisk(key: string, slot: string): void {
    this.current.set(key, { ...this.stateOf(key), slot });
  }

  write(key: string, offset: number, bytes: Uint8Array): void {
    const { layer } = this.stateOf(key);
    layer.content.write(offset, bytes);
    const grain = GRAIN_BYTES[layer.disk.format];
    for (let index = Math.floor(offset / grain); index * grain < offset + bytes.length; index++)
      layer.touched.set(index, 'data');
  }

  /** What a guest's discard or write-same leaves: whole grains are marked as zero, the edges written. */
  writeZeros(key: string, offset: number, length: number): void {
    const { layer } = this.stateOf(key);
    layer.content.writeZeros(offset, length);
    const grain = GRAIN_BYTES[layer.disk.format];
    const end = offset + length;
    for (let index = Math.floor(offset / grain); index * grain < end; index++) {
      const whole =
        index * grain >= offset && Math.min((index + 1) * grain, layer.disk.sizeBytes) <= end;
      layer.touched.set(index, whole ? 'zero' : 'data');
    }
  }

  /** The uid of the new snapshot. */
  takeSnapshot(name: string, facts: NewSnapshot = {}): string {
    this.taken += 1;
    const uid = String(this.taken);
    const createdAtUs = facts.createdAtUs ?? FIRST_SNAPSHOT_US + this.taken * 7 * MINUTE_US;
    const disks = new Map(
      [...this.current].filter(([, { layer }]) => layer.disk.mode === 'persistent'),
    );
    this.snapshots.push({
      uid,
      name,
      parentUid: this.currentUid,
      facts: { ...facts, createdAtUs },
      disks,
    });
    this.currentUid = uid;
    for (const [key, state] of disks)
      this.current.set(key, { ...state, layer: this.newLayer(state.layer.disk, state.layer) });
    return uid;
  }

  /** Back to a snapshot: what ran since then is thrown away, unless a snapshot froze it. */
  revert(uid: string): void {
    const snapshot = this.snapshots.find(known => known.uid === uid);
    if (snapshot === undefined) throw new Error(`no snapshot ${uid}`);
    for (const [key, { layer }] of [...this.current]) {
      if (layer.disk.mode !== 'persistent') continue;
      this.current.delete(key);
      this.dropUnlessNamed(layer);
    }
    for (const [key, state] of snapshot.disks)
      this.current.set(key, { ...state, layer: this.newLayer(state.layer.disk, state.layer) });
    this.currentUid = uid;
  }

  /** A removal that did not finish: the record goes, the files stay as they are. */
  forgetSnapshot(uid: string): void {
    const index = this.snapshots.findIndex(known => known.uid === uid);
    const [gone] = this.snapshots.splice(index, 1);
    this.snapshots.forEach((other, at) => {
      if (other.parentUid === uid) this.snapshots[at] = { ...other, parentUid: gone?.parentUid };
    });
    if (this.currentUid === uid) this.currentUid = gone?.parentUid;
  }

  powerOn(): void {
    this.power = 'running';
  }

  /** Writes everything. The builder is not to be used afterwards. */
  finish(files: VmFolderFiles = {}): WrittenVm {
    return writeVmFolder(this, files);
  }

  private stateOf(key: string): BuiltDiskState {
    const state = this.current.get(key);
    if (state === undefined) throw new Error(`the VM has no ${key} now`);
    return state;
  }

  private newLayer(disk: BuiltDisk, parent: BuiltLayer | undefined): BuiltLayer {
    const content = parent === undefined ? new DiskContent(disk.sizeBytes) : parent.content.clone();
    const freshCid = this.random()
      .toString(16)
      .padStart(8, '0')
      .replace(/^ffffff/, '0fffff');
    const layer: BuiltLayer = {
      disk,
      parent,
      stem: parent === undefined ? disk.stem : freeStem(disk),
      touched: new Map(),
      content,
      freshCid,
    };
    disk.layers.push(layer);
    return layer;
  }

  private dropUnlessNamed(layer: BuiltLayer): void {
    const named = this.snapshots.some(({ disks }) =>
      [...disks.values()].some(state => state.layer === layer),
    );
    if (!named) layer.disk.layers.splice(layer.disk.layers.indexOf(layer), 1);
  }

  private freeSlot(): string {
    const taken = new Set([...this.current.values()].map(({ slot }) => slot));
    // Unit 7 is the controller itself.
    for (let unit = 0; ; unit++)
      if (unit !== 7 && !taken.has(`scsi0:${unit}`)) return `scsi0:${unit}`;
  }
}

/** VMware takes the first free number. */
function freeStem(disk: BuiltDisk): string {
  const taken = new Set(disk.layers.map(({ stem }) => stem));
  for (let number = 1; ; number++) {
    const stem = `${disk.stem}-${String(number).padStart(6, '0')}`;
    if (!taken.has(stem)) return stem;
  }
}
