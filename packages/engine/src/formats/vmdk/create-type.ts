/**
 * What a createType promises: which extents a disk of that type may have, and which types cannot
 * be migrated from their files, with what to do instead.
 */
import { EngineError } from '../../errors';
import type { Descriptor, ExtentLine } from './descriptor';

const FLAT = ['FLAT', 'VMFS', 'ZERO'];
const SPARSE = ['SPARSE', 'ZERO'];

/** createType in lower case -> extent types that agree with it. */
const EXTENT_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['monolithicflat', FLAT],
  ['twogbmaxextentflat', FLAT],
  ['2gbmaxextentflat', FLAT],
  ['vmfs', FLAT],
  ['vmfspreallocated', FLAT],
  ['vmfseagerzeroedthick', FLAT],
  ['vmfsthin', FLAT],
  ['vmfsthick', FLAT],
  ['monolithicsparse', SPARSE],
  ['twogbmaxextentsparse', SPARSE],
  ['2gbmaxextentsparse', SPARSE],
  ['streamoptimized', ['SPARSE']],
  ['vmfssparse', ['VMFSSPARSE']],
  ['sesparse', ['SESPARSE']],
  ['vmfssesparse', ['SESPARSE']],
  ['custom', ['FLAT', 'VMFS', 'SPARSE', 'ZERO']],
]);

const CLONE =
  'Clone the disk into a plain file (`vmkfstools -i SOURCE TARGET -d thin`), then migrate the clone.';

/** createType or extent type in lower case -> what it is and what to do. */
const REFUSED: ReadonlyMap<string, { readonly what: string; readonly hint: string }> = new Map([
  [
    'vsansparse',
    {
      what: 'a vSAN object: there is no file to read',
      hint: 'Move the VM to an NFS or VMFS datastore with Storage vMotion; its snapshots come along as files.',
    },
  ],
  [
    'vmfsrawdevicemap',
    { what: 'a raw device mapping (virtual mode): a pointer to a LUN', hint: CLONE },
  ],
  ['vmfsrdm', { what: 'a raw device mapping: a pointer to a LUN', hint: CLONE }],
  [
    'vmfspassthroughrawdevicemap',
    {
      what: 'a raw device mapping (physical mode): a pointer to a LUN',
      hint: 'Copy the LUN itself to a volume; it has no VMware snapshots. Leave this disk out of the plan.',
    },
  ],
  [
    'vmfsrdmp',
    {
      what: 'a raw device mapping (physical mode): a pointer to a LUN',
      hint: 'Copy the LUN itself to a volume; it has no VMware snapshots. Leave this disk out of the plan.',
    },
  ],
  ['vmfsraw', { what: 'a raw device of the host', hint: CLONE }],
  [
    'fulldevice',
    {
      what: 'a whole device of the host',
      hint: 'Copy the device into an image file first, or leave this disk out of the plan.',
    },
  ],
  [
    'partitioneddevice',
    {
      what: 'partitions of a device of the host',
      hint: 'Copy the device into an image file first, or leave this disk out of the plan.',
    },
  ],
]);

/** @throws EngineError LAYER_UNSUPPORTED by name, DESCRIPTOR_INVALID when createType and extents disagree */
export function assertReadable(descriptor: Descriptor, file: string): void {
  assertNotEncrypted(descriptor, file);
  assertNot4k(descriptor, file);
  assertNotRefused(descriptor.createType, file, undefined);
  for (const extent of descriptor.extents) assertExtentReadable(extent, file);
  assertAgreement(descriptor, file);
}

function assertNotRefused(name: string, file: string, line: number | undefined): void {
  const refused = REFUSED.get(name.toLowerCase());
  if (refused === undefined) return;
  throw new EngineError('LAYER_UNSUPPORTED', {
    where: { file, ...(line === undefined ? {} : { line }) },
    expected: 'a disk whose data is in files',
    found: `${name}, ${refused.what}`,
    hint: refused.hint,
  });
}

function assertExtentReadable(extent: ExtentLine, file: string): void {
  assertNotRefused(extent.type, file, extent.line);
  if (extent.access === 'NOACCESS') {
    throw new EngineError('LAYER_UNSUPPORTED', {
      where: { file, line: extent.line },
      expected: 'access RW or RDONLY',
      found: 'NOACCESS: its content is unknown by design',
      hint: 'Leave this disk out of the plan.',
    });
  }
}

function assertAgreement({ createType, extents }: Descriptor, file: string): void {
  const allowed = EXTENT_TYPES.get(createType.toLowerCase());
  if (allowed === undefined) {
    throw new EngineError('LAYER_UNSUPPORTED', {
      where: { file },
      expected: `a known createType (${[...EXTENT_TYPES.keys()].join(', ')})`,
      found: createType === '' ? 'none' : `createType="${createType}"`,
    });
  }
  for (const extent of extents) {
    if (allowed.includes(extent.type)) continue;
    throw new EngineError('DESCRIPTOR_INVALID', {
      where: { file, line: extent.line },
      expected: `an extent of type ${allowed.join(' or ')}, as createType="${createType}" says`,
      found: extent.type,
    });
  }
}

/** Encrypted Workstation disks carry a key safe, ESXi ones an I/O filter. */
function assertNotEncrypted({ header, ddb }: Descriptor, file: string): void {
  const key = [...header.keys(), ...ddb.keys()].find(name => /keysafe|crypt/.test(name));
  const filter = ddb.get('iofilters') ?? header.get('iofilters') ?? '';
  if (key === undefined && !/crypt/i.test(filter)) return;
  throw new EngineError('LAYER_UNSUPPORTED', {
    where: { file },
    expected: 'a disk without encryption',
    found: key === undefined ? `the I/O filter ${filter}` : `the key ${key}`,
    hint: 'Decrypt the VM first (in vSphere: storage policy without encryption; in Workstation: remove encryption).',
  });
}

/**
 * Native 4K sectors: the guest's partition table counts in them, so a volume with sectors of 512
 * bytes would show it nothing. No published descriptor says how a host writes this down, so every
 * key that could mean it is taken for it (docs/formats/descriptor.md has what was looked for).
 * Physical sectors of 4096 bytes behind logical ones of 512 are plain emulation: read.
 */
function assertNot4k({ header, ddb }: Descriptor, file: string): void {
  const keys = [...header, ...[...ddb].map(([key, value]) => [`ddb.${key}`, value] as const)];
  const emulated = keys.some(([key, value]) => /logical.*sector/.test(key) && value === '512');
  for (const [key, value] of keys) {
    const sectorSize = /sector.*size|block.*size/.test(key) && value === '4096';
    const behindEmulation = emulated && key.includes('physical');
    if (!/^native_?4kn?$/i.test(value) && (!sectorSize || behindEmulation)) continue;
    throw new EngineError('LAYER_UNSUPPORTED', {
      where: { file },
      expected: 'sectors of 512 bytes',
      found: `${key} = "${value}"`,
      hint: 'Convert the disk to 512-byte sectors (native_512 or emulated_512) first.',
    });
  }
}
