/** Writes what a BuiltVm holds as files, in the form that VMware gives them, and says what is expected of them. */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

import iconv from 'iconv-lite';

import { SECTOR_BYTES } from '../bytes';
import { BLOCK_BYTES, type DiskContent } from './disk-content';
import { encodeCowd } from './encoders/cowd';
import { descriptorText } from './encoders/descriptor-text';
import type { Grain, GrainLayout } from './encoders/grains';
import { encodeHostedSparse } from './encoders/hosted-sparse';
import { encodeSeSparse } from './encoders/se-sparse';
import {
  GRAIN_BYTES,
  type BuiltDiskState,
  type BuiltLayer,
  type BuiltSnapshot,
  type BuiltVm,
  type VmFolderFiles,
} from './built-vm';

/** The folder and everything that must come out of it. */
export interface WrittenVm {
  readonly folder: string;
  /** Absolute path of the .vmx, also when it was left out. */
  readonly vmx: string;
  readonly displayName: string;
  readonly snapshots: readonly ExpectedState[];
  readonly current: ExpectedState;
}

export interface ExpectedState {
  /** The uid of a snapshot, or `current`. */
  readonly id: string;
  readonly name: string;
  readonly parentId: string | undefined;
  readonly description: string;
  readonly createdAtUs: number | undefined;
  readonly quiesced: boolean | undefined;
  readonly memory: boolean;
  readonly disks: readonly ExpectedDisk[];
}

export interface ExpectedDisk {
  /** Key of the builder. */
  readonly key: string;
  readonly slot: string;
  /** Base names. */
  readonly rootFile: string;
  readonly layerFile: string;
  readonly sizeBytes: number;
  readonly content: DiskContent;
  /** Of the whole disk in this state; worked out when first asked for. */
  sha256(): string;
}

export function writeVmFolder(
  vm: BuiltVm,
  { vmx = 'write', vmsd = 'write' }: VmFolderFiles,
): WrittenVm {
  const { folder, name } = vm.options;
  mkdirSync(folder, { recursive: true });
  for (const disk of vm.disks.values())
    disk.layers.forEach(layer => writeLayer(folder, layer, isInUse(vm, layer)));
  if (vmx === 'write') writeText(vm, `${name}.vmx`, vmxLines(vm));
  if (vmsd === 'write' && vm.snapshots.length > 0) writeText(vm, `${name}.vmsd`, vmsdLines(vm));
  for (const { uid, facts } of vm.snapshots) {
    const stem = path.join(folder, `${name}-Snapshot${uid}`);
    writeFileSync(`${stem}.vmsn`, Buffer.from('d2bed2be0800000000000000', 'hex'));
    if (facts.memory === true) writeFileSync(`${stem}.vmem`, Buffer.alloc(4096, 0x6d));
  }
  if (vm.power === 'running') {
    mkdirSync(path.join(folder, `${name}.vmx.lck`), { recursive: true });
    writeFileSync(path.join(folder, `${name}.vmx.lck`, 'M26729.lck'), '');
  }
  return {
    folder,
    vmx: path.join(folder, `${name}.vmx`),
    displayName: vm.options.displayName ?? name,
    snapshots: vm.snapshots.map(expectedSnapshot),
    current: {
      id: 'current',
      name: 'current',
      parentId: vm.currentUid,
      description: '',
      createdAtUs: undefined,
      quiesced: undefined,
      memory: false,
      disks: expectedDisks(vm.current),
    },
  };
}

function expectedSnapshot({ uid, name, parentUid, facts, disks }: BuiltSnapshot): ExpectedState {
  const { description = '', createdAtUs, quiesced, memory = false } = facts;
  return {
    id: uid,
    name,
    parentId: parentUid,
    description,
    createdAtUs,
    quiesced,
    memory,
    disks: expectedDisks(disks),
  };
}

function expectedDisks(states: ReadonlyMap<string, BuiltDiskState>): ExpectedDisk[] {
  return [...states].map(([key, { layer, slot }]): ExpectedDisk => {
    const { content, disk } = layer;
    let digest: string | undefined;
    const sha256 = (): string => (digest ??= content.sha256());
    return {
      key,
      slot,
      rootFile: `${disk.stem}.vmdk`,
      layerFile: `${layer.stem}.vmdk`,
      sizeBytes: disk.sizeBytes,
      content,
      sha256,
    };
  });
}

/** A delta that was never written to has its parent's CID: it gets its own at its first clean close. */
function cidOf(layer: BuiltLayer): string {
  return layer.parent !== undefined && layer.touched.size === 0
    ? cidOf(layer.parent)
    : layer.freshCid;
}

/** A running host marks the file that it writes to. */
function isInUse({ power, current }: BuiltVm, layer: BuiltLayer): boolean {
  return power === 'running' && [...current.values()].some(state => state.layer === layer);
}

function writeLayer(folder: string, layer: BuiltLayer, unclean: boolean): void {
  const { stem, parent, disk } = layer;
  const sectors = disk.sizeBytes / SECTOR_BYTES;
  const file = path.join(folder, `${stem}.vmdk`);
  const parentFacts =
    parent === undefined ? {} : { parentCid: cidOf(parent), parentHint: `${parent.stem}.vmdk` };
  const describe = (createType: string, extent: string): string =>
    descriptorText({ createType, cid: cidOf(layer), ...parentFacts, extents: [extent] });
  const kind = parent === undefined && disk.format !== 'hosted-sparse' ? 'flat' : disk.format;
  switch (kind) {
    case 'flat': {
      writeFlat(path.join(folder, `${stem}-flat.vmdk`), layer.content);
      const hosted = disk.format === 'flat+hosted';
      const extent = hosted
        ? `RW ${sectors} FLAT "${stem}-flat.vmdk" 0`
        : `RW ${sectors} VMFS "${stem}-flat.vmdk"`;
      writeFileSync(file, describe(hosted ? 'monolithicFlat' : 'vmfs', extent));
      return;
    }
    case 'flat+se-sparse':
      encodeSeSparse(path.join(folder, `${stem}-sesparse.vmdk`), layoutOf(layer));
      writeFileSync(file, describe('seSparse', `RW ${sectors} SESPARSE "${stem}-sesparse.vmdk"`));
      return;
    case 'flat+cowd':
      encodeCowd(path.join(folder, `${stem}-delta.vmdk`), layoutOf(layer));
      writeFileSync(file, describe('vmfsSparse', `RW ${sectors} VMFSSPARSE "${stem}-delta.vmdk"`));
      return;
    case 'flat+hosted':
    case 'hosted-sparse':
      encodeHostedSparse(file, layoutOf(layer), {
        descriptor: describe('monolithicSparse', `RW ${sectors} SPARSE "${stem}.vmdk"`),
        unclean,
      });
  }
}

/** Only what was written to this file, grain by grain, from the model of its state. */
function layoutOf(layer: BuiltLayer): GrainLayout {
  const { disk, content, touched } = layer;
  const grainBytes = GRAIN_BYTES[disk.format];
  const grains = new Map<number, Grain>();
  for (const [grain, kind] of touched)
    grains.set(grain, kind === 'zero' ? 'zero' : grainOf(content, grain * grainBytes, grainBytes));
  return {
    capacitySectors: disk.sizeBytes / SECTOR_BYTES,
    grainSectors: grainBytes / SECTOR_BYTES,
    grains,
  };
}

function grainOf(content: DiskContent, offset: number, length: number): Uint8Array {
  const end = Math.min(offset + length, content.sizeBytes);
  const block = content.block(Math.floor(offset / BLOCK_BYTES));
  const start = offset % BLOCK_BYTES;
  return block === undefined
    ? new Uint8Array(end - offset)
    : block.subarray(start, start + end - offset);
}

function writeFlat(file: string, content: DiskContent): void {
  const fd = openSync(file, 'w');
  try {
    ftruncateSync(fd, content.sizeBytes);
    for (const index of content.blockIndexes()) {
      const block = content.block(index);
      if (block)
        writeSync(
          fd,
          block,
          0,
          Math.min(BLOCK_BYTES, content.sizeBytes - index * BLOCK_BYTES),
          index * BLOCK_BYTES,
        );
    }
  } finally {
    closeSync(fd);
  }
}

function writeText(vm: BuiltVm, file: string, lines: readonly (readonly [string, string])[]): void {
  const { folder, encoding = 'UTF-8', newline = '\n' } = vm.options;
  const text =
    lines.map(([key, value]) => `${key} = "${escapeValue(value)}"`).join(newline) + newline;
  writeFileSync(path.join(folder, file), iconv.encode(text, encoding));
}

function escapeValue(value: string): string {
  return value.replace(
    /[|"\n\r]/g,
    character => `|${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function vmxLines(vm: BuiltVm): [string, string][] {
  const { encoding = 'UTF-8', displayName, name } = vm.options;
  const lines: [string, string][] = [
    ['.encoding', encoding],
    ['config.version', '8'],
    ['virtualHW.version', '14'],
    [
      'displayName',
      (displayName ?? name).replaceAll('%', '%25').replaceAll('/', '%2f').replaceAll('\\', '%5c'),
    ],
    ['guestOS', 'debian12-64'],
    ['numvcpus', '2'],
    ['memSize', '4096'],
    ['uuid.bios', '56 4d 2a 71 0c 5e 8b 11-9f 44 02 aa 31 c7 e9 05'],
    ['ethernet0.present', 'TRUE'],
    ['ethernet0.virtualDev', 'vmxnet3'],
    ['ethernet0.networkName', 'VM Network'],
    ['ethernet0.generatedAddress', '00:0C:29:c7:e9:05'],
    ['ide1:0.present', 'TRUE'],
    ['ide1:0.deviceType', 'cdrom-image'],
    ['ide1:0.fileName', '/vmfs/volumes/iso/installer.iso'],
    ['checkpoint.vmState', ''],
  ];
  const controllers = new Set(
    [...vm.current.values()].map(({ slot }) => slot.slice(0, slot.indexOf(':'))),
  );
  for (const controller of controllers) lines.push([`${controller}.present`, 'TRUE']);
  for (const { slot, layer } of vm.current.values()) {
    lines.push(
      [`${slot}.present`, 'TRUE'],
      [`${slot}.fileName`, `${layer.stem}.vmdk`],
      [`${slot}.deviceType`, 'scsi-hardDisk'],
    );
    if (layer.disk.mode !== 'persistent') lines.push([`${slot}.mode`, layer.disk.mode]);
  }
  return lines;
}

function vmsdLines(vm: BuiltVm): [string, string][] {
  const { encoding = 'UTF-8', name } = vm.options;
  const lines: [string, string][] = [
    ['.encoding', encoding],
    ['snapshot.lastUID', vm.snapshots.at(-1)?.uid ?? '0'],
  ];
  if (vm.currentUid !== undefined) lines.push(['snapshot.current', vm.currentUid]);
  vm.snapshots.forEach((snapshot, index) =>
    lines.push(...snapshotLines(`snapshot${index}`, name, snapshot)),
  );
  lines.push(['snapshot.numSnapshots', String(vm.snapshots.length)]);
  return lines;
}

function snapshotLines(
  key: string,
  vmName: string,
  { uid, name, parentUid, facts, disks }: BuiltSnapshot,
): [string, string][] {
  const high = Math.floor(facts.createdAtUs / 2 ** 32);
  // Signed, as VMware prints it.
  const low = (facts.createdAtUs % 2 ** 32) | 0;
  const lines: [string, string][] = [
    [`${key}.uid`, uid],
    [`${key}.filename`, `${vmName}-Snapshot${uid}.vmsn`],
  ];
  if (parentUid !== undefined) lines.push([`${key}.parent`, parentUid]);
  lines.push([
    `${key}.displayName`,
    name.replaceAll('%', '%25').replaceAll('/', '%2f').replaceAll('\\', '%5c'),
  ]);
  if (facts.description !== undefined) lines.push([`${key}.description`, facts.description]);
  if (facts.quiesced !== undefined)
    lines.push([`${key}.quiesced`, facts.quiesced ? 'TRUE' : 'FALSE']);
  lines.push(
    [`${key}.createTimeHigh`, String(high)],
    [`${key}.createTimeLow`, String(low)],
    [`${key}.numDisks`, String(disks.size)],
  );
  [...disks.values()].forEach(({ layer, slot }, index) => {
    lines.push(
      [`${key}.disk${index}.fileName`, `${layer.stem}.vmdk`],
      [`${key}.disk${index}.node`, slot],
    );
  });
  return lines;
}
