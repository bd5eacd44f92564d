/**
 * What the annotations of a volume (PVC) and of a VolumeSnapshot say, as data. The mark changes;
 * the record is written once. An object of ours with an annotation that we cannot read is nobody's
 * to touch: VOLUME_FOREIGN.
 */
import { EngineError } from '../../errors';
import type { VolumeMark } from '../../mover/mover';
import { markOf } from '../../native/volume-mark';
import type { VolumeAsMade } from '../adoption';
import type { Volume, VolumeSnapshotSpec, VolumeSpec } from '../target';
import type { KubeObject, PersistentVolumeClaim, VolumeMode } from './cluster/resources';
import { ANNOTATION, BLOCK_DEVICE_PATH, DISK_IMAGE_PATH, TABLES_PATH } from './layout';

const VOLUME_FORMAT = 'vm-migrate/volume/1';
const SNAPSHOT_FORMAT = 'vm-migrate/volume-snapshot/1';

interface VolumeRecord {
  readonly format: typeof VOLUME_FORMAT;
  readonly spec: VolumeSpec;
  readonly from?: string;
}

/** What stays true of a VolumeSnapshot when its volume is gone. */
export interface SnapshotRecord {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly spec: VolumeSnapshotSpec;
  readonly storageClass: string;
  /** Of the volume at the cut. */
  readonly sizeBytes: number;
  readonly volumeMode: VolumeMode;
}

/** A volume as its PVC tells. */
export interface FoundVolume extends VolumeAsMade {
  readonly claim: PersistentVolumeClaim;
  readonly volume: Volume;
}

export function volumeAnnotations(
  spec: VolumeSpec,
  from: string | undefined,
): Record<string, string> {
  const record: VolumeRecord = { format: VOLUME_FORMAT, spec, ...(from ? { from } : {}) };
  return {
    [ANNOTATION.mark]: markText(spec.mark),
    [ANNOTATION.spec]: JSON.stringify(record),
  };
}

export function markText(mark: VolumeMark): string {
  return JSON.stringify(mark);
}

/** @throws EngineError VOLUME_FOREIGN when the PVC is no volume of ours */
export function readVolume(claim: PersistentVolumeClaim): FoundVolume {
  const found = volumeOf(claim);
  if (found !== undefined) return found;
  throw notOurs('PersistentVolumeClaim', claim);
}

/** `undefined`: no volume of ours. */
export function volumeOf(claim: PersistentVolumeClaim): FoundVolume | undefined {
  const mark = markOf({ mark: annotation(claim, ANNOTATION.mark) });
  const record = annotation(claim, ANNOTATION.spec) as Partial<VolumeRecord> | undefined;
  if (mark === undefined || record?.format !== VOLUME_FORMAT || record.spec === undefined)
    return undefined;
  const { spec, from } = record;
  const block = claim.spec.volumeMode === 'Block';
  const name = claim.metadata.name ?? '';
  return {
    claim,
    mark,
    spec,
    ...(from === undefined ? {} : { from }),
    volume: {
      name,
      storageClass: claim.spec.storageClassName ?? spec.storageClass,
      sizeBytes: spec.sizeBytes,
      mark,
      address: block
        ? { kind: 'block', path: BLOCK_DEVICE_PATH, sizeBytes: spec.sizeBytes, name }
        : {
            kind: 'file',
            path: DISK_IMAGE_PATH,
            sizeBytes: spec.sizeBytes,
            name,
            missingFile: 'made',
          },
      tablesPath: TABLES_PATH,
    },
  };
}

export function snapshotRecord(spec: VolumeSnapshotSpec, found: FoundVolume): SnapshotRecord {
  return {
    format: SNAPSHOT_FORMAT,
    spec,
    storageClass: found.volume.storageClass,
    sizeBytes: found.volume.sizeBytes,
    volumeMode: found.claim.spec.volumeMode ?? 'Filesystem',
  };
}

/** @throws EngineError VOLUME_FOREIGN when the VolumeSnapshot is none of ours */
export function readSnapshotRecord(object: KubeObject): SnapshotRecord {
  const record = snapshotRecordOf(object);
  if (record !== undefined) return record;
  throw notOurs('VolumeSnapshot', object);
}

/** `undefined`: none of ours. */
export function snapshotRecordOf(object: KubeObject): SnapshotRecord | undefined {
  const record = annotation(object, ANNOTATION.spec) as Partial<SnapshotRecord> | undefined;
  return record?.format === SNAPSHOT_FORMAT && record.spec !== undefined
    ? (record as SnapshotRecord)
    : undefined;
}

function annotation({ metadata }: KubeObject, name: string): unknown {
  try {
    return JSON.parse(metadata.annotations?.[name] ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function notOurs(kind: string, { metadata }: KubeObject): EngineError {
  return new EngineError('VOLUME_FOREIGN', {
    where: { object: `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}` },
    expected: `the annotation ${ANNOTATION.spec} that this version of vm-migrate wrote`,
    found: 'an object without it',
    hint: 'Something else made it. Remove or rename it, or choose other names with --name-prefix.',
  });
}

/** @throws EngineError VOLUME_FOREIGN */
export function assertStore(kind: string, name: string, there: string, own: string): void {
  if (there === own) return;
  throw new EngineError('VOLUME_FOREIGN', {
    where: { object: `${kind} ${name}` },
    expected: `store ${own}`,
    found: `store ${there}`,
    hint: 'Another vm-migrate database made it. Choose another namespace or --name-prefix, or run: kubectl vm-migrate recover VM --take-over.',
  });
}
