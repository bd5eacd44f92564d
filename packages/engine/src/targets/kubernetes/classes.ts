/**
 * What the cluster's storage classes can do, as far as its API tells: StorageClasses, the
 * VolumeSnapshotClasses of the same driver, CDI's StorageProfiles, and our tables of drivers. That
 * snapshots work is only shown by the probe: no object of the API says that a driver has the
 * capability, and the snapshot controller never compares the two drivers. We do.
 */
import { MIB } from '../../bytes';
import { EngineError } from '../../errors';
import type { StorageClass, TargetCapabilities } from '../target';
import type { ClusterApi } from './cluster/cluster-api';
import {
  CSI_DRIVER,
  type KubeObject,
  type ResourceKind,
  STORAGE_CLASS,
  STORAGE_PROFILE,
  type StorageClassObject,
  type StorageProfile,
  VOLUME_SNAPSHOT,
  VOLUME_SNAPSHOT_CLASS,
  type VolumeSnapshotClass,
} from './cluster/resources';
import { type DriverFacts, driverFacts, driversThatCutFirst } from './driver-facts';
import { isTrue, nameOf } from './object-names';
import type { KubernetesOptions } from './options';
import { chooseSnapshotClass, snapshotNotes, type SnapshotChoice } from './snapshot-class';
import { knownModes, leastVolumeBytes, type VolumeModes } from './storage-modes';

/** A storage class with what is needed to make volumes of it. */
export interface KubernetesClass {
  readonly name: string;
  readonly provisioner: string;
  readonly bindsAtFirstUse: boolean;
  readonly modes: VolumeModes;
  /** Absent: it takes no snapshots, for the reason in `described`. */
  readonly snapshotClass: VolumeSnapshotClass | undefined;
  readonly described: StorageClass;
}

type ClassOptions = Pick<
  KubernetesOptions,
  'classes' | 'snapshotClass' | 'volumeMode' | 'accessMode' | 'maxSnapshots' | 'gate' | 'movers'
>;

/** What was read of a cluster in one go. */
export interface ClusterStorage {
  readonly storageClasses: readonly StorageClassObject[];
  /** `undefined`: the cluster serves no VolumeSnapshots of v1. */
  readonly snapshotClasses: readonly VolumeSnapshotClass[] | undefined;
  readonly profiles: readonly StorageProfile[];
  /** Names of the drivers that have registered; `undefined`: we may not look. */
  readonly drivers: readonly string[] | undefined;
}

export async function readClasses(
  api: ClusterApi,
  options: ClassOptions,
): Promise<readonly KubernetesClass[]> {
  return classesOf(await readStorage(api), options);
}

export function capabilitiesOf(
  classes: readonly KubernetesClass[],
  { classMap }: Pick<KubernetesOptions, 'classMap'> = {},
): TargetCapabilities {
  return {
    classes: classes.map(one => one.described),
    ...(classMap === undefined ? {} : { classMap }),
    guestsRunOn: 'kubevirt',
  };
}

async function readStorage(api: ClusterApi): Promise<ClusterStorage> {
  const [storageClasses, serves, cdi, drivers] = await Promise.all([
    api.list(STORAGE_CLASS),
    api.serves(VOLUME_SNAPSHOT),
    api.serves(STORAGE_PROFILE),
    listIfAllowed(api, CSI_DRIVER),
  ]);
  const snapshotClasses = serves ? (await api.list(VOLUME_SNAPSHOT_CLASS)).items : undefined;
  const profiles = cdi ? await listIfAllowed(api, STORAGE_PROFILE) : undefined;
  return {
    storageClasses: storageClasses.items,
    snapshotClasses,
    profiles: profiles ?? [],
    drivers: drivers?.map(nameOf),
  };
}

/** What only adds to our knowledge may be forbidden. */
async function listIfAllowed<T extends KubeObject>(
  api: ClusterApi,
  kind: ResourceKind<T>,
): Promise<readonly T[] | undefined> {
  try {
    return (await api.list(kind)).items;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CLUSTER_FORBIDDEN') return undefined;
    throw error;
  }
}

/** Pure: the same cluster and options lead to the same classes, sorted by name. */
export function classesOf(
  storage: ClusterStorage,
  options: ClassOptions,
): readonly KubernetesClass[] {
  const allowed = options.classes;
  const usable = storage.storageClasses.filter(
    one => allowed === undefined || allowed.includes(nameOf(one)),
  );
  const defaults = defaultNames(usable);
  return usable
    .map(object => classOf(object, storage, options, defaults))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

const VIRT_DEFAULT = 'storageclass.kubevirt.io/is-default-virt-class';
const CLUSTER_DEFAULT = 'storageclass.kubernetes.io/is-default-class';
const CLUSTER_DEFAULT_BETA = 'storageclass.beta.kubernetes.io/is-default-class';

/** KubeVirt's own default goes before the cluster's. Several remain several: the plan asks. */
function defaultNames(classes: readonly StorageClassObject[]): {
  readonly names: readonly string[];
  readonly rule: string;
} {
  const virt = classes.filter(one => isTrue(one, VIRT_DEFAULT)).map(nameOf);
  if (virt.length > 0) return { names: virt, rule: 'the default virtualization class' };
  const cluster = classes.filter(
    one => isTrue(one, CLUSTER_DEFAULT) || isTrue(one, CLUSTER_DEFAULT_BETA),
  );
  return { names: cluster.map(nameOf), rule: "the cluster's default class" };
}

function classOf(
  object: StorageClassObject,
  storage: ClusterStorage,
  options: ClassOptions,
  defaults: { readonly names: readonly string[]; readonly rule: string },
): KubernetesClass {
  const name = nameOf(object);
  const { provisioner } = object;
  const facts = driverFacts(provisioner);
  const { modes, why } = chooseModes(object, storage.profiles, options);
  const gate = options.gate?.[name] ?? 'readyToUse';
  const snapshots = gated(
    chooseSnapshotClass(object, storage.snapshotClasses, options),
    gate,
    object,
  );
  const bindsAtFirstUse = object.volumeBindingMode === 'WaitForFirstConsumer';
  const ceiling = options.maxSnapshots?.[name];
  const maxSnapshots = ceiling ?? facts.maxSnapshots?.count;
  const isDefault = defaults.names.includes(name);
  const moversRest = moversMayRest(facts, modes, options.movers);
  const notes = [
    `Volumes are ${modes.accessMode} ${modes.volumeMode}: ${why}.`,
    ...(isDefault ? [`It is ${defaults.rule}.`] : []),
    ...(gate === 'creationTime' && 'chosen' in snapshots
      ? [
          `The next layer is written when a VolumeSnapshot is cut, before it is ready: ${facts.cutsBeforeReady ?? ''}.`,
        ]
      : []),
    ...(bindsAtFirstUse ? ['Volumes are provisioned on the node of the first pod.'] : []),
    ...('chosen' in snapshots ? snapshotNotes(snapshots.chosen, snapshots.why) : []),
    ...(ceiling === undefined && facts.maxSnapshots !== undefined
      ? [`${facts.maxSnapshots.why}.`]
      : []),
    ...(moversRest ? ['One mover a volume serves its layers in turn.'] : []),
    ...(storage.drivers?.includes(provisioner) === false
      ? [`No CSIDriver ${provisioner} has registered in the cluster.`]
      : []),
  ];
  return {
    name,
    provisioner,
    bindsAtFirstUse,
    modes,
    snapshotClass: 'chosen' in snapshots ? snapshots.chosen : undefined,
    described: {
      name,
      isDefault,
      snapshots: 'chosen' in snapshots ? { how: 'csi' } : { how: 'none', reason: snapshots.reason },
      // A Filesystem volume's image is made sparse by the mover.
      newVolumesReadZero: modes.volumeMode === 'Filesystem' || facts.newBlocksReadZero === true,
      freeBytes: undefined,
      snapshotCost: facts.snapshotsCopy === true ? 1 : 0,
      ...(maxSnapshots === undefined ? {} : { maxSnapshotsPerVolume: maxSnapshots }),
      gate,
      volumeMode: modes.volumeMode,
      restoreGroup: provisioner,
      ...(isDefault ? { defaultBecause: defaults.rule } : {}),
      ...(facts.restoresWithoutCopy === undefined
        ? {}
        : { restoresWithoutCopy: facts.restoresWithoutCopy }),
      ...(facts.restoresExactSize === true ? { restoresExactSize: true } : {}),
      ...(moversRest ? { moversRest } : {}),
      sizeStepBytes: Math.max(facts.sizeStepBytes ?? MIB, leastVolumeBytes(object)),
      notes,
    },
  };
}

/** A gate that the driver is not known to keep makes the class one without snapshots, with that reason: a cut that comes late would hold the next layer. */
function gated(
  choice: SnapshotChoice,
  gate: 'readyToUse' | 'creationTime',
  { provisioner }: StorageClassObject,
): SnapshotChoice {
  if (gate === 'readyToUse' || driverFacts(provisioner).cutsBeforeReady !== undefined)
    return choice;
  return {
    reason: `its configured gate is creationTime, and driver ${provisioner} is not known to cut before it answers; known are ${driversThatCutFirst().join(', ')}`,
  };
}

/** Only where the driver is known for it: an administrator may say so of another one, never of a Filesystem. */
function moversMayRest(
  { cutsAttached }: DriverFacts,
  { volumeMode }: VolumeModes,
  movers: KubernetesOptions['movers'],
): boolean {
  if (volumeMode !== 'Block' || movers === 'perLayer') return false;
  return movers === 'perVolume' || cutsAttached !== undefined;
}

function chooseModes(
  object: StorageClassObject,
  profiles: readonly StorageProfile[],
  { volumeMode, accessMode }: ClassOptions,
): { readonly modes: VolumeModes; readonly why: string } {
  const profile = profiles.find(one => nameOf(one) === nameOf(object));
  const said = profile === undefined ? [] : profileModes(profile);
  const known = knownModes(object) ?? [];
  const [sets, source] =
    said.length > 0
      ? [said, 'StorageProfile']
      : known.length > 0
        ? [known, `our table of driver ${object.provisioner}`]
        : [[], ''];
  const writable = sets.filter(one => one.accessMode !== 'ReadOnlyMany');
  const set =
    writable.find(one => one.volumeMode === (volumeMode ?? 'Block')) ??
    (volumeMode === undefined ? writable[0] : undefined);
  const asked = volumeMode === undefined ? '' : `volumeMode ${volumeMode} is configured; `;
  const modes: VolumeModes = {
    volumeMode: set?.volumeMode ?? volumeMode ?? 'Block',
    accessMode: accessMode ?? set?.accessMode ?? 'ReadWriteOnce',
  };
  if (set !== undefined) return { modes, why: `${asked}as the ${source} says` };
  return {
    modes,
    why:
      source === ''
        ? `${asked}driver ${object.provisioner} is not in our table, so the usual is asked for and the probe decides`
        : `${asked}the ${source} does not list it, so the probe decides`,
  };
}

function profileModes({ status }: StorageProfile): readonly VolumeModes[] {
  return (status?.claimPropertySets ?? []).flatMap(({ accessModes = [], volumeMode }) =>
    accessModes.map(accessMode => ({ accessMode, volumeMode: volumeMode ?? 'Filesystem' })),
  );
}
