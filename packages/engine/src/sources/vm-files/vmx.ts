/**
 * What we read of a .vmx: which disks hang where, whether the VM is suspended or encrypted, and
 * facts that a new owner of the disks wants to know.
 */
import { EngineError } from '../../errors';
import { parseDictionary, unescapePercents, type Dictionary } from './dictionary';

export interface VmxFile {
  readonly displayName: string | undefined;
  /** In the order of slots. */
  readonly disks: readonly VmxDisk[];
  /** `checkpoint.vmState`: the file that holds a suspended VM's memory. */
  readonly suspendState: string | undefined;
  /** `false` when the file states that the VM is not suspended, `undefined` when it does not say. */
  readonly statesNotSuspended: boolean;
  readonly biosUuid: string | undefined;
  readonly guestOs: string | undefined;
  readonly firmware: 'bios' | 'efi';
  readonly cpus: number | undefined;
  readonly memoryMib: number | undefined;
  readonly networks: readonly VmxNetwork[];
  /** Virtual TPM: its state is not on any disk. */
  readonly vtpm: boolean;
  readonly secureBoot: boolean;
  /** Kind of the controllers that disks hang on, by name (`scsi0`). */
  readonly controllers: Readonly<Record<string, string>>;
  /** Datastore of the VM's own folder, as its host wrote it. */
  readonly datastore: string | undefined;
}

export interface VmxDisk {
  /** `scsi0:9`, lower-case bus. */
  readonly slot: string;
  readonly fileName: string;
  readonly mode: DiskMode;
  /** Redo log of a non-persistent disk; its changes vanish at power-off. */
  readonly redo: string | undefined;
  readonly line: number | undefined;
}

export type DiskMode =
  | 'persistent'
  | 'independent-persistent'
  | 'independent-nonpersistent'
  | 'nonpersistent'
  | 'undoable'
  | 'append';

export interface VmxNetwork {
  readonly name: string;
  readonly adapter?: string;
  readonly mac?: string;
}

/** @throws EngineError VM_INVALID for malformed text, LAYER_UNSUPPORTED for an encrypted VM */
export function parseVmx(file: string, bytes: Uint8Array): VmxFile {
  const dictionary = parseDictionary(file, bytes);
  refuseEncrypted(dictionary);
  const displayName = dictionary.text('displayName');
  const suspendState = dictionary.get('checkpoint.vmState');
  return {
    displayName: displayName === undefined ? undefined : unescapePercents(displayName),
    disks: disksOf(dictionary),
    suspendState: suspendState?.trim() === '' ? undefined : suspendState,
    statesNotSuspended: suspendState?.trim() === '',
    biosUuid: uuidOf(dictionary.text('uuid.bios')),
    guestOs: dictionary.text('guestOS'),
    firmware: dictionary.get('firmware')?.trim().toLowerCase() === 'efi' ? 'efi' : 'bios',
    cpus: dictionary.integer('numvcpus'),
    memoryMib: dictionary.integer('memsize'),
    networks: networksOf(dictionary),
    vtpm: dictionary.isTrue('vtpm.present'),
    secureBoot: dictionary.isTrue('uefi.secureBoot.enabled'),
    controllers: controllersOf(dictionary),
    datastore: hostDatastore(dictionary),
  };
}

function refuseEncrypted(dictionary: Dictionary): void {
  const key = ['encryption.keySafe', 'encryption.data', 'encryption.encryptedKey'].find(
    name => dictionary.line(name) !== undefined,
  );
  if (key === undefined) return;
  const line = dictionary.line(key);
  throw new EngineError('LAYER_UNSUPPORTED', {
    where: { file: dictionary.file, ...(line === undefined ? {} : { line }) },
    expected: 'a VM whose files are not encrypted',
    found: key,
    hint: 'Decrypt the VM in vSphere or Workstation (remove the encryption policy from the VM and its disks), then list it again.',
  });
}

const SLOT = /^(scsi|sata|ide|nvme)(\d{1,3}):(\d{1,3})\.filename$/;

function disksOf(dictionary: Dictionary): VmxDisk[] {
  const disks: VmxDisk[] = [];
  for (const key of dictionary.keys()) {
    const match = SLOT.exec(key);
    if (match === null) continue;
    const slot = key.slice(0, -'.filename'.length);
    const controller = `${match[1]}${match[2]}`;
    // Only `present = "FALSE"` on a controller unplugs what hangs on it: IDE controllers are not declared at all.
    if (!dictionary.isTrue(`${slot}.present`) || isFalse(dictionary, `${controller}.present`))
      continue;
    const disk = diskAt(dictionary, slot);
    if (disk) disks.push(disk);
  }
  return disks.sort((a, b) => compareSlots(a.slot, b.slot));
}

/** VMware's defaults where the file does not say: a SCSI controller without a kind is a BusLogic or an LSI Logic. */
function controllersOf(dictionary: Dictionary): Record<string, string> {
  const names = new Set(disksOf(dictionary).map(({ slot }) => slot.slice(0, slot.indexOf(':'))));
  return Object.fromEntries(
    [...names].map(name => {
      const bus = name.replace(/\d+$/, '');
      const kind = dictionary.text(`${name}.virtualDev`)?.trim().toLowerCase();
      return [name, kind ?? (bus === 'scsi' ? 'lsilogic' : bus === 'sata' ? 'ahci' : bus)];
    }),
  );
}

/** ESXi names the swap file with its whole path, which leads through the VM's datastore. */
function hostDatastore(dictionary: Dictionary): string | undefined {
  const swap = dictionary.text('sched.swap.derivedName');
  return /^\/vmfs\/volumes\/([^/]+)\//.exec(swap ?? '')?.[1];
}

function isFalse(dictionary: Dictionary, key: string): boolean {
  return dictionary.get(key) !== undefined && !dictionary.isTrue(key);
}

function diskAt(dictionary: Dictionary, slot: string): VmxDisk | undefined {
  const fileName = dictionary.text(`${slot}.fileName`);
  if (fileName === undefined) return undefined;
  const type = dictionary.get(`${slot}.deviceType`)?.trim().toLowerCase() ?? '';
  // A LUN or device counts too: opening its descriptor says that its bytes are not in files.
  const raw = /^(rdm|rawdisk|scsi-passthru|scsi-nonpassthru-rdm|scsi-passthru-rdm)$/.test(type);
  const isDisk =
    type === ''
      ? fileName.toLowerCase().endsWith('.vmdk')
      : raw || /^(disk|scsi-harddisk|ata-harddisk|plaindisk)$/.test(type);
  // A type that we do not know, on a .vmdk, is a disk: to leave one out silently would lose it.
  const known = /cdrom|floppy|none|tape|scanner/.test(type);
  if (!isDisk && (known || !fileName.toLowerCase().endsWith('.vmdk'))) return undefined;
  return {
    slot,
    fileName,
    mode: modeOf(dictionary, slot),
    redo: dictionary.text(`${slot}.redo`),
    line: dictionary.line(`${slot}.fileName`),
  };
}

const MODES: readonly DiskMode[] = [
  'persistent',
  'independent-persistent',
  'independent-nonpersistent',
  'nonpersistent',
  'undoable',
  'append',
];

function modeOf(dictionary: Dictionary, slot: string): DiskMode {
  const value = dictionary.text(`${slot}.mode`)?.trim().toLowerCase() ?? 'persistent';
  const mode = MODES.find(known => known === value);
  if (mode !== undefined) return mode;
  throw dictionary.invalid(
    dictionary.line(`${slot}.mode`),
    `a disk mode (${MODES.join(', ')})`,
    JSON.stringify(value),
  );
}

/** Bus, controller, unit; numbers by value, so that scsi0:10 follows scsi0:9. */
export function compareSlots(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function networksOf(dictionary: Dictionary): VmxNetwork[] {
  const cards = [...dictionary.keys()]
    .map(key => /^(ethernet\d+)\.present$/.exec(key)?.[1])
    .filter(card => card !== undefined);
  return cards
    .filter(card => dictionary.isTrue(`${card}.present`))
    .sort(compareSlots)
    .map(card => {
      const adapter = dictionary.text(`${card}.virtualDev`);
      const mac = dictionary.text(`${card}.address`) ?? dictionary.text(`${card}.generatedAddress`);
      const name =
        dictionary.text(`${card}.networkName`) ??
        dictionary.text(`${card}.dvs.portgroupId`) ??
        dictionary.text(`${card}.connectionType`) ??
        card;
      return {
        name,
        ...(adapter === undefined ? {} : { adapter }),
        ...(mac === undefined ? {} : { mac: mac.toLowerCase() }),
      };
    });
}

/** `56 4d 01 … -..` as the usual 8-4-4-4-12 form; `undefined` when it is not 16 bytes. */
function uuidOf(text: string | undefined): string | undefined {
  const hex = text?.replace(/[\s-]/g, '').toLowerCase() ?? '';
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
