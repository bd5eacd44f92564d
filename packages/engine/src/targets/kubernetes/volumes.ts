/** Volumes: PVCs with a mark. How one is asked for, adopted and marked. */
import { alignUp, MIB, SECTOR_BYTES } from '../../bytes';
import { EngineError } from '../../errors';
import type { VolumeMark } from '../../mover/mover';
import { markWords, sameMark, volumeDifferences } from '../adoption';
import type { Pending, Volume, VolumeSpec } from '../target';
import type { KubernetesClass } from './classes';
import type { ClusterApi } from './cluster/cluster-api';
import { PERSISTENT_VOLUME_CLAIM, type PersistentVolumeClaim } from './cluster/resources';
import { ANNOTATION, labelsOf, markManager, originAnnotations } from './layout';
import {
  assertStore,
  type FoundVolume,
  markText,
  readVolume,
  volumeAnnotations,
  volumeOf,
} from './records';
import type { SeenClaims } from './seen-claims';
import { type Deadlines, settledObject, whyNotBound, whyNotGone } from './waits';

/** What a restored volume begins with. */
export interface RestoredFrom {
  readonly snapshot: string;
  readonly volumeMode: PersistentVolumeClaim['spec']['volumeMode'];
  /** Smallest capacity that the driver restores to. */
  readonly restoreSizeBytes: number;
}

/** Sizes in whole sectors, as for every target. */
export function roundedSpec(spec: VolumeSpec): VolumeSpec {
  return { ...spec, sizeBytes: alignUp(spec.sizeBytes, SECTOR_BYTES) };
}

/** The PVC of a volume: its capacity is what is asked for, and on a Filesystem what the file system takes for itself. */
export function claimFor(
  spec: VolumeSpec,
  storageClass: KubernetesClass,
  from: RestoredFrom | undefined,
  overhead: number,
): PersistentVolumeClaim {
  const { name, mark, origin, sizeBytes } = spec;
  const volumeMode = from?.volumeMode ?? storageClass.modes.volumeMode;
  const wanted = volumeMode === 'Block' ? sizeBytes : withFileSystem(sizeBytes, overhead);
  const capacity = Math.max(wanted, from?.restoreSizeBytes ?? 0);
  const source = {
    apiGroup: 'snapshot.storage.k8s.io',
    kind: 'VolumeSnapshot',
    name: from?.snapshot ?? '',
  };
  return {
    metadata: {
      name,
      labels: labelsOf({ storeId: mark.storeId, migrationId: mark.migrationId, origin }),
      annotations: { ...originAnnotations(origin), ...volumeAnnotations(spec, from?.snapshot) },
    },
    spec: {
      accessModes: [storageClass.modes.accessMode],
      storageClassName: storageClass.name,
      volumeMode,
      resources: { requests: { storage: String(capacity) } },
      ...(from === undefined ? {} : { dataSource: source }),
    },
  };
}

/**
 * Room for a file of that size and its file system. Of small ones ext4 takes more than its usual
 * part: 1/16 for inodes below 512 MiB, and a journal of 1 to 16 MiB.
 */
function withFileSystem(sizeBytes: number, overhead: number): number {
  const usual = sizeBytes / (1 - overhead) - sizeBytes;
  const small = Math.min(64 * MIB, sizeBytes / 8 + 16 * MIB);
  return alignUp(Math.ceil(sizeBytes + Math.max(usual, small)), MIB);
}

/**
 * Takes a PVC that is there for the volume asked for, or refuses it by name.
 * @throws EngineError VOLUME_FOREIGN not ours, or another store's; VOLUME_UNEXPECTED asked for differently
 */
export function adoptVolume(
  claim: PersistentVolumeClaim,
  spec: VolumeSpec,
  from: string | undefined,
): FoundVolume {
  const found = readVolume(claim);
  assertStore('volume', spec.name, found.mark.storeId, spec.mark.storeId);
  const differences = [
    ...volumeDifferences(found, spec, from),
    ...(claim.spec.storageClassName === spec.storageClass
      ? []
      : [`its PVC is of class ${claim.spec.storageClassName ?? '(none)'}`]),
    ...(claim.status?.phase === 'Lost' ? ['its PersistentVolume is gone (phase Lost)'] : []),
  ];
  if (differences.length === 0) return found;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: spec.name },
    expected: `a volume of ${spec.sizeBytes} bytes as it was asked for`,
    found: differences.join('; '),
    hint: 'Nothing was changed. Remove the volume if nobody needs it, or choose other names with --name-prefix.',
  });
}

/**
 * The volume once its class has made it. One that binds at first use counts as made: the mover's
 * pod is its first user.
 * @throws EngineError CLUSTER_STUCK
 */
export async function boundVolume(
  api: ClusterApi,
  found: FoundVolume,
  bindsAtFirstUse: boolean,
  wait: { readonly deadlines: Deadlines; readonly limitMs: number; readonly patienceMs: number },
): Promise<Volume | Pending> {
  const what = `volume ${found.volume.name}`;
  const isMade = (claim: PersistentVolumeClaim | undefined) =>
    claim === undefined || bindsAtFirstUse || claim.status?.phase === 'Bound';
  const claim = await settledObject(
    api,
    PERSISTENT_VOLUME_CLAIM,
    found.claim,
    isMade,
    wait.patienceMs,
  );
  if (claim === undefined) return { pending: true, retryMs: 0, reason: `${what} was deleted` };
  if (!isMade(claim))
    return wait.deadlines.pending(what, wait.limitMs, await whyNotBound(api, claim));
  wait.deadlines.over(what);
  assertCapacity(claim, found);
  return found.volume;
}

function assertCapacity({ status }: PersistentVolumeClaim, { volume }: FoundVolume): void {
  const capacity = quantityBytes(status?.capacity?.storage ?? '');
  if (capacity === undefined || capacity >= volume.sizeBytes) return;
  throw new EngineError('VOLUME_UNEXPECTED', {
    where: { object: volume.name },
    expected: `a capacity of at least ${volume.sizeBytes} bytes`,
    found: `${capacity} bytes`,
    hint: 'The storage driver gave less than it was asked for. The volume is not written.',
  });
}

/** A volume that is going away makes room for one of its name. */
export async function pendingPredecessor(
  api: ClusterApi,
  claim: PersistentVolumeClaim,
  wait: { readonly deadlines: Deadlines; readonly limitMs: number },
): Promise<Pending> {
  return wait.deadlines.pending(
    `an earlier volume ${claim.metadata.name ?? ''} to go`,
    wait.limitMs,
    await whyNotGone(api, PERSISTENT_VOLUME_CLAIM, claim),
  );
}

/**
 * Compare-and-swap of the mark: the PVC must still be of the resourceVersion that was read. A
 * repeat after a crash finds `next` in place and is content. A claim that was seen a moment ago with
 * the expected mark is not read again: if it changed since, the API server refuses, and it is.
 * @throws EngineError VOLUME_MISSING, VOLUME_FOREIGN, VOLUME_UNEXPECTED
 */
export async function swapMark(
  api: ClusterApi,
  name: string,
  expected: VolumeMark,
  next: VolumeMark,
  seen: SeenClaims,
): Promise<void> {
  for (let guess = holding(seen.get(name), expected); ; guess = undefined) {
    const claim = guess ?? (await api.get(PERSISTENT_VOLUME_CLAIM, name));
    seen.forget(name);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) throw missing(name);
    const { mark } = readVolume(claim);
    if (sameMark(mark, next)) return;
    assertStore('volume', name, mark.storeId, expected.storeId);
    if (!sameMark(mark, expected)) {
      throw new EngineError('VOLUME_UNEXPECTED', {
        where: { object: name },
        expected: markWords(expected),
        found: markWords(mark),
        hint: 'The volume is left as it is; it is replaced by a restore of the last VolumeSnapshot.',
      });
    }
    const annotations = { [ANNOTATION.mark]: markText(next) };
    const manager = markManager(next.storeId);
    const answer = await api.applyAnnotations(PERSISTENT_VOLUME_CLAIM, claim, annotations, {
      manager,
    });
    // A conflict is another writer, a controller that touched the PVC, or its end: the next look tells which.
    if (answer !== 'conflict') return seen.note(answer);
  }
}

function holding(
  claim: PersistentVolumeClaim | undefined,
  expected: VolumeMark,
): PersistentVolumeClaim | undefined {
  const mark = claim === undefined ? undefined : volumeOf(claim)?.mark;
  return mark !== undefined && sameMark(mark, expected) ? claim : undefined;
}

export function missing(name: string, what = 'a volume'): EngineError {
  return new EngineError('VOLUME_MISSING', {
    where: { object: name },
    expected: what,
    found: 'nothing of that name',
    hint: 'Somebody removed it. `kubectl vm-migrate recover` looks at what is left on the target.',
  });
}

/** A Kubernetes quantity in bytes; `undefined` when it is none. */
export function quantityBytes(quantity: string): number | undefined {
  const match = /^([0-9.]+)(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E|m)?$/.exec(quantity);
  if (match === null) return undefined;
  const value = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
  return Number.isFinite(value) ? Math.ceil(value) : undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
