import { createHash } from 'node:crypto';

import { MIB } from '../bytes';
import type {
  CurrentState,
  Disk,
  LayerNode,
  Snapshot,
  SnapshotTree,
} from '../sources/snapshot-tree';

/** The clock of these trees: snapshot N in order of taking was taken N hours after this. */
export const TREE_EPOCH_US = Date.UTC(2024, 0, 1) * 1000;
export const TREE_HOUR_US = 3_600_000_000;

/**
 * A SnapshotTree in one line a disk, for tests that a person can check by hand:
 *
 *     tree(`B(S1) -> D1(S2) -> D5*;  B -> D3(S3)`)
 *
 * `->` leads from a parent to its child, `;` starts a new path, the first name is the base.
 * `(S1, S2)` snapshots that name the layer, `*` the present state, `!running` an access other than
 * frozen, `[10+2/64]` own data, own zeros and capacity in MiB (default 1+0/64). Marks stand behind a
 * layer's first mention, in any order; file and layer are called `B.vmdk` and `B`.
 *
 * Several disks: an object from label to paths; ids are then `<label>/<layer>`. Snapshots are taken
 * in the order of the numbers in their names (else of their mention), an hour apart; a snapshot's
 * parent is the youngest one on the layers under its own.
 */
export function tree(paths: string | Readonly<Record<string, string>>): SnapshotTree {
  const byLabel = typeof paths === 'string' ? { 'scsi0:0': paths } : paths;
  const single = typeof paths === 'string';
  const disks = Object.entries(byLabel).map(([label, text]) => parseDisk(label, text, single));
  return {
    vm: {
      id: createHash('sha256').update(JSON.stringify(byLabel)).digest('hex').slice(0, 16),
      name: 'web-1',
      location: 'web-1/web-1.vmx',
      configDigests: { 'web-1.vmx': '0'.repeat(64) },
    },
    disks: disks.map(({ disk }) => disk),
    snapshots: snapshotsOf(disks),
    current: currentOf(disks),
    findings: [],
  };
}

interface ParsedDisk {
  readonly disk: Disk;
  /** In order of mention. */
  readonly named: readonly { readonly snapshot: string; readonly layerId: string }[];
  readonly currentLayerId: string | undefined;
}

const LAYER = /^(?<name>[\p{L}\p{N}_.-]+)(?<marks>(\([^)]*\)|\[[^\]]*\]|![a-z]+|\*)*)$/u;

function parseDisk(label: string, text: string, single: boolean): ParsedDisk {
  const diskId = single ? 'disk' : label;
  const layers = new Map<string, LayerNode>();
  const named: { snapshot: string; layerId: string }[] = [];
  let currentLayerId: string | undefined;

  for (const path of text.split(';')) {
    let parentId: string | undefined;
    for (const word of path.split('->').map(each => each.replaceAll(' ', ''))) {
      if (word === '') continue;
      const match = LAYER.exec(word)?.groups;
      if (match === undefined) throw new Error(`tree notation: cannot read '${word}'`);
      const { name = '', marks = '' } = match;
      const id = single ? name : `${label}/${name}`;
      if (!layers.has(id)) layers.set(id, layerOf({ id, diskId, name, parentId, marks }));
      for (const list of marks.matchAll(/\(([^)]*)\)/g)) {
        named.push(...(list[1] ?? '').split(',').map(snapshot => ({ snapshot, layerId: id })));
      }
      if (marks.includes('*')) currentLayerId = id;
      parentId = id;
    }
  }
  const nodes = [...layers.values()];
  const sizeBytes = Math.max(...nodes.map(node => node.sizeBytes));
  const rootFile = nodes[0]?.file ?? '';
  return { disk: { id: diskId, label, rootFile, sizeBytes, layers: nodes }, named, currentLayerId };
}

function layerOf(facts: {
  readonly id: string;
  readonly diskId: string;
  readonly name: string;
  readonly parentId: string | undefined;
  readonly marks: string;
}): LayerNode {
  const { id, diskId, name, parentId, marks } = facts;
  const size = /\[(?<data>\d+)(\+(?<zero>\d+))?(\/(?<capacity>\d+))?\]/.exec(marks)?.groups;
  const access = /!([a-z]+)/.exec(marks)?.[1] ?? 'frozen';
  return {
    id,
    diskId,
    ...(parentId === undefined ? {} : { parentId }),
    file: `${name}.vmdk`,
    format: 'hosted-sparse',
    sizeBytes: Number(size?.capacity ?? 64) * MIB,
    manifest: {
      descriptorSha256: createHash('sha256').update(id).digest('hex'),
      cid: 'fffffffe',
      parentCid: parentId === undefined ? 'ffffffff' : 'fffffffe',
      files: [{ name: `${name}.vmdk`, sizeBytes: MIB, mtimeNs: '0', inode: '1', counters: {} }],
    },
    access: access as LayerNode['access'],
    ownBytes: { data: Number(size?.data ?? 1) * MIB, zero: Number(size?.zero ?? 0) * MIB },
  };
}

function snapshotsOf(disks: readonly ParsedDisk[]): readonly Snapshot[] {
  const names = [...new Set(disks.flatMap(({ named }) => named.map(({ snapshot }) => snapshot)))];
  const number = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? Infinity);
  names.sort((a, b) => (number(a) === number(b) ? 0 : number(a) - number(b)));
  const parents = new Map<string, string>();
  for (const disk of disks) {
    for (const [index, name] of names.entries()) {
      const under = youngestUnder(disk, name, names.slice(0, index));
      const known = parents.get(name);
      if (
        under !== undefined &&
        (known === undefined || names.indexOf(under) > names.indexOf(known))
      ) {
        parents.set(name, under);
      }
    }
  }
  return names.map((name, index) => {
    const parentId = parents.get(name);
    return {
      id: name,
      name,
      description: '',
      createdAtUs: TREE_EPOCH_US + (index + 1) * TREE_HOUR_US,
      memory: false,
      ...(parentId === undefined ? {} : { parentId }),
      disks: disks.flatMap(({ disk, named }) =>
        named
          .filter(({ snapshot }) => snapshot === name)
          .map(({ layerId }) => ({ diskId: disk.id, layerId, slot: disk.label })),
      ),
    };
  });
}

/** The youngest older snapshot on the layer itself or on one under it. */
function youngestUnder(
  { disk, named }: ParsedDisk,
  name: string,
  older: readonly string[],
): string | undefined {
  const nodes = new Map(disk.layers.map(node => [node.id, node]));
  let layerId = named.find(({ snapshot }) => snapshot === name)?.layerId;
  while (layerId !== undefined) {
    const here = named.filter(each => each.layerId === layerId && older.includes(each.snapshot));
    const youngest = older.findLast(each => here.some(({ snapshot }) => snapshot === each));
    if (youngest !== undefined) return youngest;
    layerId = nodes.get(layerId)?.parentId;
  }
  return undefined;
}

function currentOf(disks: readonly ParsedDisk[]): CurrentState {
  const present = disks.filter(({ currentLayerId }) => currentLayerId !== undefined);
  const access = present.map(
    ({ disk, currentLayerId }) => disk.layers.find(({ id }) => id === currentLayerId)?.access,
  );
  const power = (['running', 'suspended', 'unclean'] as const).find(each => access.includes(each));
  return {
    power: power ?? 'off',
    disks: present.map(({ disk, currentLayerId = '' }) => ({
      diskId: disk.id,
      layerId: currentLayerId,
      slot: disk.label,
    })),
  };
}
