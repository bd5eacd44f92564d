/** A disk of any sparse kind, written the way its own product writes it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { encodeCowd } from './cowd';
import { descriptorText, type DescriptorText } from './descriptor-text';
import type { EncodedTables, GrainLayout } from './grains';
import { encodeHostedSparse } from './hosted-sparse';
import { encodeSeSparse } from './se-sparse';
import { encodeStreamOptimized, type StreamTables } from './stream-optimized';

export type SparseKind = 'hosted' | 'two-gb' | 'stream' | 'cowd' | 'se-sparse';

export const SPARSE_KINDS: readonly SparseKind[] = [
  'hosted',
  'two-gb',
  'stream',
  'cowd',
  'se-sparse',
];

/** Kinds that can be a delta. */
export const DELTA_KINDS = [
  'hosted',
  'two-gb',
  'cowd',
  'se-sparse',
] as const satisfies readonly SparseKind[];

export interface SparseDisk {
  readonly folder: string;
  /** Without `.vmdk`. */
  readonly name: string;
  readonly kind: SparseKind;
  /** Side by side; one, except for `two-gb`. */
  readonly extents: readonly GrainLayout[];
  readonly link?: Pick<DescriptorText, 'cid' | 'parentCid' | 'parentHint'>;
  /** For `stream`. */
  readonly tables?: StreamTables;
}

export interface WrittenDisk {
  /** What openLayer is given. */
  readonly name: string;
  /** All files of the disk, base names, that one first. */
  readonly files: readonly string[];
  /** One for each extent. */
  readonly tables: readonly EncodedTables[];
}

export function writeSparseDisk(disk: SparseDisk): WrittenDisk {
  const { folder, name, kind, extents, link = {} } = disk;
  const at = (file: string): string => path.join(folder, file);
  const [first] = extents;
  if (first === undefined || (kind !== 'two-gb' && extents.length !== 1))
    throw new Error(`${kind} with ${extents.length} extents`);
  const file = `${name}.vmdk`;
  const beside = (
    createType: string,
    type: string,
    suffix: string,
    encode: (file: string, layout: GrainLayout) => EncodedTables,
  ): WrittenDisk => {
    const names = extents.map(
      (_, index) => `${name}-${suffix.replace('#', String(index + 1).padStart(3, '0'))}.vmdk`,
    );
    const lines = extents.map(
      (layout, index) => `RW ${layout.capacitySectors} ${type} "${names[index] ?? ''}"`,
    );
    writeFileSync(at(file), descriptorText({ createType, extents: lines, ...link }));
    return {
      name: file,
      files: [file, ...names],
      tables: extents.map((layout, index) => encode(at(names[index] ?? ''), layout)),
    };
  };
  const inside = (createType: string): string =>
    descriptorText({
      createType,
      extents: [`RW ${first.capacitySectors} SPARSE "${file}"`],
      ...link,
    });

  switch (kind) {
    case 'hosted':
      return {
        name: file,
        files: [file],
        tables: [encodeHostedSparse(at(file), first, { descriptor: inside('monolithicSparse') })],
      };
    case 'stream':
      return {
        name: file,
        files: [file],
        tables: [
          encodeStreamOptimized(at(file), first, {
            descriptor: inside('streamOptimized'),
            ...(disk.tables === undefined ? {} : { tables: disk.tables }),
          }),
        ],
      };
    case 'two-gb':
      return beside('twoGbMaxExtentSparse', 'SPARSE', 's#', (to, layout) =>
        encodeHostedSparse(to, layout),
      );
    case 'cowd':
      return beside('vmfsSparse', 'VMFSSPARSE', 'delta', encodeCowd);
    case 'se-sparse':
      return beside('seSparse', 'SESPARSE', 'sesparse', encodeSeSparse);
  }
}
