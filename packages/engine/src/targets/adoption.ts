/** When an object that is there may be taken for the one asked for: the same rules for every kind of target. */
import { EngineError } from '../errors';
import type { VolumeMark } from '../mover/mover';
import { differingFields } from '../native/volume-mark';
import type { VolumeSnapshotSpec, VolumeSpec } from './target';

/** What a target keeps with a volume. */
export interface VolumeAsMade {
  /** As it is now. */
  readonly mark: VolumeMark;
  /** As it was asked for; `spec.mark` is the first mark. */
  readonly spec: VolumeSpec;
  /** VolumeSnapshot that it was restored from; absent: it began empty. */
  readonly from?: string;
}

export function sameMark(one: VolumeMark, other: VolumeMark): boolean {
  return differingFields(one, other).length === 0;
}

export function markWords(mark: VolumeMark): string {
  const layer = mark.layerId === undefined ? '' : ` layer ${mark.layerId}`;
  return `${mark.phase}${layer}, fence ${mark.fence}, generation ${mark.generation} of volume ${mark.volumeId}, migration ${mark.migrationId}, store ${mark.storeId}`;
}

/** What a volume is asked for with, before anything was written to it. @throws EngineError VOLUME_UNEXPECTED */
export function assertFirstMark(
  spec: VolumeSpec,
  must: Pick<VolumeMark, 'phase' | 'layerId'>,
): void {
  const { phase, layerId } = spec.mark;
  if (phase === must.phase && layerId === must.layerId) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: spec.name },
    expected: `a first mark that says ${must.phase} ${must.layerId ?? ''}`.trimEnd(),
    found: `${phase} ${layerId ?? ''}`.trimEnd(),
  });
}

/** What must agree before a volume that is there is taken for the one asked for. The fence may differ: a lease changes hands. */
export function volumeDifferences(
  there: VolumeAsMade,
  asked: VolumeSpec,
  from: string | undefined,
): readonly string[] {
  return [
    ...differences(there.mark, asked.mark, ['migrationId', 'volumeId', 'generation']),
    ...differences(there.spec.mark, asked.mark, ['phase', 'layerId', 'manifestDigest']),
    ...differences(there.spec, asked, ['storageClass', 'sizeBytes']),
    ...differences(there.spec.origin, asked.origin, ['vmId', 'diskId']),
    ...differences({ from: there.from }, { from }, ['from']),
  ];
}

/** What must agree before a VolumeSnapshot that is there is taken for the one asked for. */
export function snapshotDifferences(
  there: VolumeSnapshotSpec,
  asked: VolumeSnapshotSpec,
): readonly string[] {
  const fields = [
    'layerId',
    'migrationId',
    'manifestDigest',
    'receiptDigest',
    'stateSizeBytes',
    'stateDigest',
  ] as const;
  return [
    ...differences(there, asked, fields),
    ...differences(
      { volume: withoutGeneration(there.volume) },
      { volume: withoutGeneration(asked.volume) },
      ['volume'],
    ),
    ...differences({ table: there.table?.sha256 }, { table: asked.table?.sha256 }, ['table']),
  ];
}

/** A volume's later generations are written from the same layers as its first: what was cut from one is true for all. */
function withoutGeneration(volume: string): string {
  return volume.replace(/-g\d+$/, '');
}

/** One phrase for each field that differs: `layerId is a, not b`. An absent field equals `undefined`. */
function differences<T extends object>(
  there: T,
  asked: T,
  fields: readonly (keyof T & string)[],
): readonly string[] {
  return fields
    .filter(field => there[field] !== asked[field])
    .map(
      field =>
        `${field} is ${String(there[field] ?? 'absent')}, not ${String(asked[field] ?? 'absent')}`,
    );
}
