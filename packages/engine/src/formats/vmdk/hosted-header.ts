/**
 * The header that hosted sparse and streamOptimized files share, read and checked. Nothing behind
 * this file has to doubt a number of it.
 */
import { createHash } from 'node:crypto';

import { SECTOR_BYTES, viewOf, type ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import type { UncleanRule } from '../extent-file';
import type { RandomAccess } from '../random-access';
import { damaged } from './damaged';
import { checkedFields, readHeaderBytes, type HostedFields } from './hosted-fields';
import { readHostedFooter } from './hosted-footer';
import { HOSTED_FLAGS, HOSTED_HEADER, HOSTED_HEADER_BYTES } from './layout';

export interface HostedHeader {
  readonly version: number;
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly entriesPerTable: number;
  /** Where the embedded descriptor is; `undefined` when there is none. */
  readonly descriptor: ByteRange | undefined;
  readonly directory: ByteRange;
  /** The second copy of the directory; never read for data. */
  readonly redundantDirectory: ByteRange | undefined;
  /** Table entry 1 means zeros. */
  readonly zeroGrains: boolean;
  readonly compressed: boolean;
  /** Grains and tables stand behind markers. */
  readonly markers: boolean;
  readonly unclean: boolean;
  /** Where neither a table nor a grain may lie. */
  readonly reserved: readonly ByteRange[];
}

/** Reads the header at the start, or the footer where the header points to it. @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED */
export async function readHostedHeader(file: RandomAccess): Promise<HostedHeader> {
  const header = checkedFields(file, await readHeaderBytes(file, 0), 0);
  const { directorySectors } = header;
  if (directorySectors !== 'in-footer') return interpret(file, header, directorySectors);
  const footer = await readHostedFooter(file, header);
  return interpret(file, footer, footer.directorySectors);
}

/** Header fields that change when the file is written to. */
export async function hostedCounters(file: RandomAccess): Promise<Record<string, string>> {
  const head = await readHeaderBytes(file, 0);
  return {
    header: createHash('sha256').update(head).digest('hex'),
    uncleanShutdown: String(HOSTED_HEADER.uncleanShutdown.read(viewOf(head))),
  };
}

/** @throws EngineError LAYER_UNCLEAN */
export function assertClean(file: RandomAccess, header: HostedHeader, rule: UncleanRule): void {
  if (!header.unclean || rule === 'report') return;
  throw new EngineError('LAYER_UNCLEAN', {
    where: { file: file.name, offsetBytes: HOSTED_HEADER.uncleanShutdown.offset },
    expected: 'a closed file',
    found: 'uncleanShutdown is set: a VM uses the file, or its host crashed',
    hint: 'Power the VM off, or take a snapshot so that this file is frozen. After a crash, start and stop the VM once.',
  });
}

function interpret(
  file: RandomAccess,
  fields: HostedFields,
  directorySectors: number,
): HostedHeader {
  const sizeBytes = fields.capacitySectors * SECTOR_BYTES;
  const grainBytes = fields.grainSectors * SECTOR_BYTES;
  const directoryBytes = Math.ceil(sizeBytes / (grainBytes * fields.entriesPerTable)) * 4;
  const descriptor =
    fields.descriptorOffsetSectors === 0 || fields.descriptorSizeSectors === 0
      ? undefined
      : {
          offset: fields.descriptorOffsetSectors * SECTOR_BYTES,
          length: fields.descriptorSizeSectors * SECTOR_BYTES,
        };
  const directory = { offset: directorySectors * SECTOR_BYTES, length: directoryBytes };
  const redundantDirectory =
    fields.redundantDirectorySectors === 0
      ? undefined
      : { offset: fields.redundantDirectorySectors * SECTOR_BYTES, length: directoryBytes };
  const areas: Area[] = [{ name: 'the header', offset: 0, length: HOSTED_HEADER_BYTES }];
  if (descriptor !== undefined) areas.push({ name: 'the descriptor', ...descriptor });
  areas.push({ name: 'the grain directory', ...directory });
  if (redundantDirectory !== undefined && redundantDirectory.offset !== directory.offset)
    areas.push({ name: 'the redundant grain directory', ...redundantDirectory });
  assertApart(file, areas);
  return {
    version: fields.version,
    sizeBytes,
    grainBytes,
    entriesPerTable: fields.entriesPerTable,
    descriptor,
    directory,
    redundantDirectory,
    zeroGrains: (fields.flags & HOSTED_FLAGS.zeroGrains) !== 0,
    compressed: (fields.flags & HOSTED_FLAGS.compressed) !== 0,
    markers: (fields.flags & HOSTED_FLAGS.markers) !== 0,
    unclean: fields.unclean,
    reserved: areas,
  };
}

interface Area extends ByteRange {
  readonly name: string;
}

/** Areas of metadata lie inside the file and never share a byte. */
function assertApart(file: RandomAccess, areas: readonly Area[]): void {
  const sorted = [...areas].sort((a, b) => a.offset - b.offset);
  let previous: Area | undefined;
  for (const area of sorted) {
    if (area.offset + area.length > file.sizeBytes) {
      throw damaged(
        file,
        area.offset,
        `${area.name} of ${area.length} bytes inside the file of ${file.sizeBytes} bytes`,
        `an end at ${area.offset + area.length}`,
      );
    }
    if (previous !== undefined && previous.offset + previous.length > area.offset) {
      throw damaged(
        file,
        area.offset,
        `${area.name} behind ${previous.name}`,
        `${area.name} starts inside it`,
      );
    }
    previous = area;
  }
}
