/**
 * The text of a VMDK: which files it consists of, and what its parent is. The grammar follows the
 * technote and what VMware, VirtualBox and qemu really write (docs/formats/descriptor.md).
 * Strict where a wrong guess would lose data: a line that is not understood is an error, because
 * it may be an extent.
 */
import * as iconv from 'iconv-lite';

import { SECTOR_BYTES } from '../../bytes';
import { EngineError } from '../../errors';
import { DESCRIPTOR_LIMIT_BYTES, DISK_LIMIT_BYTES } from './layout';

export interface Descriptor {
  /** As written, e.g. `monolithicSparse`; empty only in an embedded descriptor without one. */
  readonly createType: string;
  /** 8 lower-case hex digits, or empty when the file has none. */
  readonly cid: string;
  /** `undefined` for a base (`ffffffff`). */
  readonly parentCid: string | undefined;
  /** Exactly as the file has it, decoded. */
  readonly parentFileNameHint: string | undefined;
  readonly extents: readonly ExtentLine[];
  /** Other header keys in lower case. */
  readonly header: ReadonlyMap<string, string>;
  /** `ddb.*` keys in lower case, without the prefix; the first of equal keys counts. */
  readonly ddb: ReadonlyMap<string, string>;
}

export interface ExtentLine {
  /** 1-based line of the descriptor. */
  readonly line: number;
  readonly access: 'RW' | 'RDONLY' | 'NOACCESS';
  readonly sizeBytes: number;
  /** Upper case: FLAT, VMFS, SPARSE, ZERO, VMFSSPARSE, SESPARSE, ... */
  readonly type: string;
  readonly name: string | undefined;
  /** Where the extent starts inside its file; `undefined` when the line does not say. */
  readonly offsetBytes: number | undefined;
}

/** Where the text came from. Embedded text is padded with NULs and needs no title line. */
export type DescriptorPlace = 'file' | 'embedded';

/** @throws EngineError DESCRIPTOR_INVALID with the line */
export function parseDescriptor(
  bytes: Uint8Array,
  file: string,
  place: DescriptorPlace = 'file',
): Descriptor {
  if (bytes.length > DESCRIPTOR_LIMIT_BYTES) {
    throw new EngineError('DESCRIPTOR_INVALID', {
      where: { file },
      expected: `a text of at most ${DESCRIPTOR_LIMIT_BYTES} bytes`,
      found: `${bytes.length} bytes`,
      hint: 'This is the data part of a disk, or no VMDK at all: name the small descriptor file instead.',
    });
  }
  const text = decodeText(withoutPadding(bytes, file, place), file);
  const lines = text.split('\n').map(line => line.trim());
  if (place === 'file') assertTitle(lines, file);
  return interpret(collect(lines, file), file);
}

/** Cuts the text at the first NUL. In a file of its own nothing but NULs may follow it. */
function withoutPadding(bytes: Uint8Array, file: string, place: DescriptorPlace): Uint8Array {
  const end = bytes.indexOf(0);
  if (end === -1) return bytes;
  if (place === 'file' && bytes.subarray(end).some(byte => byte !== 0)) {
    throw new EngineError('DESCRIPTOR_INVALID', {
      where: { file, offsetBytes: end },
      expected: 'text',
      found: 'a NUL byte inside it',
    });
  }
  return bytes.subarray(0, end);
}

/** `encoding` stands in ASCII whatever it says, and no supported encoding hides ASCII in other characters' first bytes. */
function decodeText(bytes: Uint8Array, file: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const named = /^[ \t]*encoding[ \t]*=[ \t]*"?([^"\r\n]*?)"?[ \t]*$/im.exec(
    buffer.toString('latin1'),
  )?.[1];
  if (named === undefined || named === '') return decodeUnnamed(buffer);
  if (iconv.encodingExists(named) && !/^(utf-?7|utf-?16|utf-?32|ucs|base64|hex)/i.test(named))
    return iconv.decode(buffer, named);
  throw new EngineError('DESCRIPTOR_INVALID', {
    where: { file },
    expected: 'a known text encoding',
    found: `encoding="${named}"`,
    hint: 'Save the descriptor as UTF-8 and write encoding="UTF-8" into it.',
  });
}

function decodeUnnamed(buffer: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer);
  } catch {
    return iconv.decode(buffer, 'windows-1252');
  }
}

/** The title is a comment; other comments and blank lines may stand before it. */
function assertTitle(lines: readonly string[], file: string): void {
  for (const line of lines) {
    if (/^#\s*disk\s+descriptorfile$/i.test(line)) return;
    if (line !== '' && !line.startsWith('#')) break;
  }
  throw new EngineError('DESCRIPTOR_INVALID', {
    where: { file, line: 1 },
    expected: '`# Disk DescriptorFile`, or the magic of a VMDK data file',
    found: 'neither',
    hint: 'This is not a VMDK. A raw image is opened as raw only when it is named as such.',
  });
}

interface Lines {
  readonly header: Map<string, string>;
  readonly ddb: Map<string, string>;
  readonly extents: ExtentLine[];
}

function collect(lines: readonly string[], file: string): Lines {
  const found: Lines = { header: new Map(), ddb: new Map(), extents: [] };
  lines.forEach((line, index) => {
    if (line === '' || line.startsWith('#')) return;
    // An extent's name may hold `=`, so extents are recognised first.
    if (/^(RW|RDONLY|NOACCESS)\s/i.test(line))
      found.extents.push(parseExtentLine(line, index + 1, file));
    else collectKey(line, index + 1, file, found);
  });
  return found;
}

function collectKey(line: string, lineNumber: number, file: string, found: Lines): void {
  const equals = line.indexOf('=');
  if (equals <= 0)
    throw invalidLine(file, lineNumber, 'a key with its value, an extent, or a comment', line);
  const key = line.slice(0, equals).trim().toLowerCase();
  const value = unquoted(line.slice(equals + 1).trim());
  if (key.startsWith('ddb.')) {
    if (!found.ddb.has(key.slice(4))) found.ddb.set(key.slice(4), value);
    return;
  }
  if (found.header.has(key)) throw invalidLine(file, lineNumber, `${key} only once`, line);
  found.header.set(key, value);
}

/** The text between the first and the last quote: names may hold quotes themselves. */
function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}

const EXTENT_LINE = /^(RW|RDONLY|NOACCESS)\s+(\d+)\s+([A-Z0-9_]+)(?:\s+(.*))?$/i;

/** ACCESS SECTORS TYPE ["NAME" [OFFSET [partitionUUID [deviceId]]]] */
function parseExtentLine(line: string, lineNumber: number, file: string): ExtentLine {
  const match = EXTENT_LINE.exec(line);
  if (match === null)
    throw invalidLine(file, lineNumber, 'ACCESS SECTORS TYPE "NAME" OFFSET', line);
  const [, access = '', sectors = '', type = '', rest = ''] = match;
  const first = rest.indexOf('"');
  const last = rest.lastIndexOf('"');
  if (first > 0 || (rest !== '' && first === last))
    throw invalidLine(file, lineNumber, 'a name in quotes after the type', line);
  const tail = first === -1 ? '' : rest.slice(last + 1).trim();
  return {
    line: lineNumber,
    access: access.toUpperCase() as ExtentLine['access'],
    sizeBytes: sectorsField(sectors, file, lineNumber, line),
    type: type.toUpperCase(),
    name: first === -1 ? undefined : rest.slice(first + 1, last),
    offsetBytes:
      tail === '' ? undefined : sectorsField(tail.split(/\s+/)[0] ?? '', file, lineNumber, line),
  };
}

function sectorsField(digits: string, file: string, lineNumber: number, line: string): number {
  const bytes = /^\d+$/.test(digits) ? Number(digits) * SECTOR_BYTES : NaN;
  if (bytes <= DISK_LIMIT_BYTES) return bytes;
  throw invalidLine(
    file,
    lineNumber,
    `a number of sectors up to ${DISK_LIMIT_BYTES / SECTOR_BYTES}`,
    line,
  );
}

function interpret({ header, ddb, extents }: Lines, file: string): Descriptor {
  const total = extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
  if (total > DISK_LIMIT_BYTES)
    throw invalid(file, `extents of at most ${DISK_LIMIT_BYTES} bytes together`, `${total} bytes`);
  const version = header.get('version');
  if (version !== undefined && !/^[1-4]$/.test(version))
    throw invalid(file, 'version 1 to 4', `version ${version}`);
  const parentFileNameHint = header.get('parentfilenamehint');
  const parentCid = contentId(header.get('parentcid'), 'parentCID', file);
  const isBase = parentCid === '' || parentCid === NO_PARENT;
  // Read as a base, such a delta would show zeros where its parent has data.
  if (isBase && parentFileNameHint !== undefined && parentFileNameHint !== '') {
    throw invalid(
      file,
      'a parentCID beside parentFileNameHint',
      parentCid === '' ? 'none' : `parentCID=${parentCid}, which means that there is no parent`,
    );
  }
  return {
    createType: header.get('createtype') ?? '',
    cid: contentId(header.get('cid'), 'CID', file),
    parentCid: isBase ? undefined : parentCid,
    parentFileNameHint,
    extents,
    header,
    ddb,
  };
}

const NO_PARENT = 'ffffffff';

function contentId(value: string | undefined, key: string, file: string): string {
  if (value === undefined || value === '') return '';
  if (!/^[0-9a-f]{1,8}$/i.test(value))
    throw invalid(file, `${key} of 8 hex digits`, `${key}=${value}`);
  return value.toLowerCase().padStart(8, '0');
}

function invalid(file: string, expected: string, found: string): EngineError {
  return new EngineError('DESCRIPTOR_INVALID', { where: { file }, expected, found });
}

function invalidLine(file: string, line: number, expected: string, found: string): EngineError {
  return new EngineError('DESCRIPTOR_INVALID', {
    where: { file, line },
    expected,
    found: `\`${found.slice(0, 200)}\``,
  });
}
