/**
 * Opens one VMDK as a Layer. The descriptor chooses the reader, the magic confirms it, and
 * disagreement is an error: a guest can forge a magic in its first sector, and a suffix says nothing.
 */
import { EngineError } from '../errors';
import { viewOf } from '../bytes';
import type { ExtentFile, UncleanRule } from './extent-file';
import type { Layer, LayerFormat, ParentLink } from './layer';
import type { FileOpener, RandomAccess } from './random-access';
import { openCowd } from './vmdk/cowd';
import { assertReadable } from './vmdk/create-type';
import { parseDescriptor, type Descriptor, type ExtentLine } from './vmdk/descriptor';
import { openFlat, openZero } from './vmdk/flat';
import { readHostedHeader, type HostedHeader } from './vmdk/hosted-header';
import { openHostedSparse } from './vmdk/hosted-sparse';
import { DESCRIPTOR_LIMIT_BYTES, DISK_LIMIT_BYTES, MAGIC } from './vmdk/layout';
import { openSeSparse } from './vmdk/se-sparse';
import { openStreamOptimized } from './vmdk/stream-optimized';
import { VmdkLayer, type DescriptorSource } from './vmdk/vmdk-layer';

export interface OpenLayerOptions {
  /**
   * `refuse`: a file in use or left by a crash throws LAYER_UNCLEAN. `report`: it opens, and its
   * manifest's counters say so (`uncleanShutdown` other than `0`).
   */
  readonly unclean: UncleanRule;
}

/** No disk of VMware has more; each open extent holds a file descriptor. */
const EXTENTS_LIMIT = 8192;

/**
 * Opens `name`: a descriptor, or a sparse file that embeds its own. `from` is the file that names
 * it, for relative names. The caller closes the layer.
 * @throws EngineError FILE_MISSING, FILE_UNREADABLE, FILE_OUTSIDE_ROOT, DESCRIPTOR_INVALID,
 *   LAYER_DAMAGED, LAYER_UNSUPPORTED, LAYER_UNCLEAN
 */
export async function openLayer(
  opener: FileOpener,
  name: string,
  options: OpenLayerOptions = { unclean: 'refuse' },
  from?: string,
): Promise<Layer> {
  const opened: { close(): Promise<void> }[] = [];
  try {
    const file = await opener.open(name, from);
    opened.push(file);
    switch (await magicOf(file)) {
      case MAGIC.hostedSparse:
        return await openEmbedded(opener, file, options, opened);
      case MAGIC.cowd:
        throw dataPart(file, 'COWD (vmfsSparse)');
      case MAGIC.seSparse:
        throw dataPart(file, 'seSparse');
      default:
        return await openDescribed(opener, file, options, opened);
    }
  } catch (error) {
    await Promise.allSettled(opened.map(one => one.close()));
    throw error;
  }
}

type Opened = { close(): Promise<void> }[];

async function magicOf(file: RandomAccess): Promise<number | undefined> {
  if (file.sizeBytes < 4) return undefined;
  const bytes = new Uint8Array(4);
  await file.read(0, bytes);
  return viewOf(bytes).getUint32(0, true);
}

function dataPart(file: RandomAccess, kind: string): EngineError {
  return new EngineError('DESCRIPTOR_INVALID', {
    where: { file: file.name },
    expected: 'a descriptor',
    found: `the data part of a disk (${kind})`,
    hint: 'Name the small .vmdk file beside it: only that says what the parent is.',
  });
}

/** A text file that names the extent files. */
async function openDescribed(
  opener: FileOpener,
  file: RandomAccess,
  options: OpenLayerOptions,
  opened: Opened,
): Promise<Layer> {
  // One byte more than allowed is enough to know, whatever the file claims.
  const range = { offset: 0, length: Math.min(file.sizeBytes, DESCRIPTOR_LIMIT_BYTES + 1) };
  const descriptor = parseDescriptor(await bytesAt(file, range.offset, range.length), file.name);
  assertReadable(descriptor, file.name);
  assertSomeExtents(descriptor, file.name);
  const extentFiles: ExtentFile[] = [];
  for (const line of descriptor.extents)
    extentFiles.push(await openExtent(opener, descriptor, line, file.name, options, opened));
  return layerOf(descriptor, { file, range, place: 'own' }, extentFiles);
}

/** A sparse file with its descriptor inside; further extents of the same disk lie beside it. */
async function openEmbedded(
  opener: FileOpener,
  file: RandomAccess,
  options: OpenLayerOptions,
  opened: Opened,
): Promise<Layer> {
  const header = await readHostedHeader(file);
  const range = header.descriptor ?? { offset: 0, length: 0 };
  const text = await bytesAt(file, range.offset, range.length);
  const descriptor = parseDescriptor(
    header.descriptor === undefined ? assumedDescriptor(header) : text,
    file.name,
    'embedded',
  );
  assertReadable(descriptor, file.name);
  assertSomeExtents(descriptor, file.name);
  const [own, ...others] = descriptor.extents;
  if (own?.type !== 'SPARSE') {
    throw new EngineError('DESCRIPTOR_INVALID', {
      where: { file: file.name, line: own?.line ?? 1 },
      expected: 'a SPARSE extent first: this file itself',
      found: own?.type ?? 'none',
    });
  }
  assertCompressionAgrees(descriptor, header, file.name);
  // The line's name is not used: people rename disks, and this is the file that was opened.
  const first = header.compressed
    ? await openStreamOptimized(file, options)
    : await openHostedSparse(file, options);
  assertSameSize(first, own, file.name);
  const extentFiles = [first];
  for (const line of others)
    extentFiles.push(await openExtent(opener, descriptor, line, file.name, options, opened));
  return layerOf(descriptor, { file, range, place: 'embedded' }, extentFiles);
}

/** A bare sparse file without any text is a base of one extent; the technote allows it for extents. */
function assumedDescriptor(header: HostedHeader): Uint8Array {
  return Buffer.from(
    `createType="${header.compressed ? 'streamOptimized' : 'monolithicSparse'}"\nRW ${header.sizeBytes / 512} SPARSE "-"\n`,
  );
}

async function bytesAt(file: RandomAccess, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.read(offset, bytes);
  return bytes;
}

function assertSomeExtents({ extents }: Descriptor, file: string): void {
  const sizeBytes = extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
  if (
    extents.length >= 1 &&
    extents.length <= EXTENTS_LIMIT &&
    sizeBytes > 0 &&
    sizeBytes <= DISK_LIMIT_BYTES
  )
    return;
  throw new EngineError('DESCRIPTOR_INVALID', {
    where: { file },
    expected: `1 to ${EXTENTS_LIMIT} extents with some capacity`,
    found: `${extents.length} extents of ${sizeBytes} bytes together`,
  });
}

async function openExtent(
  opener: FileOpener,
  descriptor: Descriptor,
  line: ExtentLine,
  from: string,
  options: OpenLayerOptions,
  opened: Opened,
): Promise<ExtentFile> {
  if (line.type === 'ZERO') return openZero(line.sizeBytes);
  const file = await opener.open(extentName(line, from), from);
  opened.push(file);
  switch (line.type) {
    case 'FLAT':
    case 'VMFS':
      return openFlat(file, { offset: line.offsetBytes ?? 0, length: line.sizeBytes });
    case 'SPARSE':
      return sameSize(await openSparse(file, descriptor, options), line, from);
    case 'VMFSSPARSE':
      await assertMagic(file, MAGIC.cowd, line, from);
      return sameSize(await openCowd(file, options), line, from);
    case 'SESPARSE':
      await assertMagic(file, MAGIC.seSparse, line, from);
      return sameSize(await openSeSparse(file, options), line, from);
    default:
      throw new EngineError('LAYER_UNSUPPORTED', {
        where: { file: from, line: line.line },
        expected: 'a known extent type',
        found: line.type,
      });
  }
}

async function openSparse(
  file: RandomAccess,
  descriptor: Descriptor,
  options: OpenLayerOptions,
): Promise<ExtentFile> {
  const header = await readHostedHeader(file);
  assertCompressionAgrees(descriptor, header, file.name);
  return header.compressed ? openStreamOptimized(file, options) : openHostedSparse(file, options);
}

function assertCompressionAgrees(
  { createType }: Descriptor,
  header: HostedHeader,
  file: string,
): void {
  if (createType.toLowerCase() === 'custom') return;
  const saysStream = createType.toLowerCase() === 'streamoptimized';
  if (saysStream === header.compressed) return;
  throw new EngineError('LAYER_DAMAGED', {
    where: { file, offsetBytes: 8 },
    expected: `${saysStream ? 'compressed' : 'uncompressed'} grains, as createType="${createType}" says`,
    found: `flags for ${header.compressed ? 'compressed' : 'uncompressed'} ones`,
    hint: 'Descriptor and data do not belong together. Copy both again from one place.',
  });
}

async function assertMagic(
  file: RandomAccess,
  magic: number,
  line: ExtentLine,
  from: string,
): Promise<void> {
  const found = await magicOf(file);
  if (found === magic) return;
  throw new EngineError('LAYER_DAMAGED', {
    where: { file: file.name, offsetBytes: 0 },
    expected: `the magic of ${line.type}, as line ${line.line} of ${from} says`,
    found: found === undefined ? 'an empty file' : `0x${found.toString(16).padStart(8, '0')}`,
    hint: 'Descriptor and data do not belong together. Copy both again from one place.',
  });
}

/** Extents lie beside their descriptor: a name with a way in it is an attack or a mistake. */
function extentName(line: ExtentLine, from: string): string {
  const { name } = line;
  if (name === undefined || name === '') {
    throw new EngineError('DESCRIPTOR_INVALID', {
      where: { file: from, line: line.line },
      expected: `a file name for an extent of type ${line.type}`,
      found: 'none',
    });
  }
  if (!/[/\\\0]/.test(name) && !/^[a-z]:/i.test(name) && name !== '.' && name !== '..') return name;
  throw new EngineError('FILE_OUTSIDE_ROOT', {
    where: { file: from, line: line.line },
    expected: 'the name of a file beside the descriptor',
    found: `"${name.replaceAll('\0', '\\0')}"`,
    hint: 'Put the extent beside its descriptor and write only its name into the line.',
  });
}

function sameSize(extentFile: ExtentFile, line: ExtentLine, from: string): ExtentFile {
  assertSameSize(extentFile, line, from);
  return extentFile;
}

function assertSameSize(extentFile: ExtentFile, line: ExtentLine, from: string): void {
  if (extentFile.sizeBytes === line.sizeBytes) return;
  throw new EngineError('LAYER_DAMAGED', {
    where: { file: extentFile.file?.name ?? from, offsetBytes: 12 },
    expected: `a capacity of ${line.sizeBytes} bytes, as line ${line.line} of ${from} says`,
    found: `${extentFile.sizeBytes} bytes in the header`,
    hint: 'Descriptor and data do not belong together. Copy both again from one place.',
  });
}

function layerOf(
  descriptor: Descriptor,
  source: DescriptorSource,
  extentFiles: readonly ExtentFile[],
): Layer {
  return new VmdkLayer({
    descriptor: source,
    format: formatOf(descriptor),
    cid: descriptor.cid,
    parent: parentOf(descriptor, source.file.name),
    extentFiles,
  });
}

function parentOf(
  { parentCid, parentFileNameHint }: Descriptor,
  file: string,
): ParentLink | undefined {
  if (parentCid === undefined) return undefined;
  if (parentFileNameHint === undefined || parentFileNameHint === '') {
    throw new EngineError('DESCRIPTOR_INVALID', {
      where: { file },
      expected: 'parentFileNameHint, because parentCID names a parent',
      found: 'none',
    });
  }
  return { hint: parentFileNameHint, parentCid };
}

function formatOf({ createType, extents }: Descriptor): LayerFormat {
  if (createType.toLowerCase() === 'streamoptimized') return 'stream-optimized';
  const types = new Set(extents.map(extent => extent.type));
  if (types.has('SESPARSE')) return 'se-sparse';
  if (types.has('VMFSSPARSE')) return 'cowd';
  return types.has('SPARSE') ? 'hosted-sparse' : 'flat';
}
