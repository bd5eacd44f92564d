export interface DescriptorText {
  readonly createType: string;
  readonly cid?: string;
  readonly parentCid?: string;
  readonly parentHint?: string;
  /** Extent lines as they stand in the file, `RW 2048 SESPARSE "disk-sesparse.vmdk"`. */
  readonly extents: readonly string[];
}

/** The text descriptor of a disk, as the hypervisor lays it out. */
export function descriptorText(disk: DescriptorText): string {
  const parent = disk.parentHint === undefined ? [] : [`parentFileNameHint="${disk.parentHint}"`];
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${disk.cid ?? '0a0b0c0d'}`,
    `parentCID=${disk.parentCid ?? 'ffffffff'}`,
    `createType="${disk.createType}"`,
    ...parent,
    '# Extent description',
    ...disk.extents,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    'ddb.virtualHWVersion = "14"',
    '',
  ].join('\n');
}
