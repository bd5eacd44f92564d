/** What a VolumeSnapshot can be restored to. The cluster says it late, in an event of a PVC that stays Pending. */
import { EngineError } from '../../errors';
import type { VolumeSpec } from '../target';
import type { KubernetesClass } from './classes';
import type { Restorable } from './snapshot-readiness';
import type { RestoredFrom } from './volumes';

/**
 * How the volume begins: with the VolumeSnapshot's own mode, whatever the class would be asked for today.
 * @throws EngineError VOLUME_UNEXPECTED too small, or of another driver
 */
export function restoredFrom(
  spec: VolumeSpec,
  { snapshot, record, content }: Restorable,
  { provisioner }: Pick<KubernetesClass, 'provisioner'>,
): RestoredFrom {
  const differences = [
    ...(spec.sizeBytes < snapshot.sizeBytes
      ? [`${spec.sizeBytes} bytes, its VolumeSnapshot has ${snapshot.sizeBytes}`]
      : []),
    ...(content.spec.driver === provisioner
      ? []
      : [
          `class ${spec.storageClass} of driver ${provisioner}, its VolumeSnapshot is of ${content.spec.driver}`,
        ]),
  ];
  if (differences.length > 0) {
    throw new EngineError('VOLUME_UNEXPECTED', {
      where: { object: spec.name },
      expected: `a volume that ${snapshot.name} can be restored to`,
      found: differences.join('; '),
    });
  }
  return {
    snapshot: snapshot.name,
    volumeMode: content.spec.sourceVolumeMode ?? record.volumeMode,
    restoreSizeBytes: content.status?.restoreSize ?? 0,
  };
}
