/**
 * A Layer made of extent files side by side, with the identity that its descriptor gives it.
 */
import { createHash } from 'node:crypto';

import { assertSafeRange, endOf, type ByteRange } from '../../bytes';
import { EngineError } from '../../errors';
import { ExtentList, type ExtentFile } from '../extent-file';
import type {
  Extent,
  Layer,
  LayerFormat,
  LayerManifest,
  ManifestFile,
  ParentLink,
  TableOddity,
} from '../layer';
import type { RandomAccess } from '../random-access';

/** The descriptor's text, wherever it is: a file of its own, or inside the first extent file. */
export interface DescriptorSource {
  readonly file: RandomAccess;
  readonly range: ByteRange;
  /** `own`: the file holds nothing else, is listed in the manifest and closed by the layer. */
  readonly place: 'own' | 'embedded';
}

export interface VmdkLayerParts {
  readonly descriptor: DescriptorSource;
  readonly format: LayerFormat;
  readonly cid: string;
  readonly parent: ParentLink | undefined;
  readonly extentFiles: readonly ExtentFile[];
}

export class VmdkLayer implements Layer {
  readonly file: string;
  readonly format: LayerFormat;
  readonly sizeBytes: number;
  readonly parent: ParentLink | undefined;

  private readonly starts: readonly number[];

  constructor(private readonly parts: VmdkLayerParts) {
    this.file = parts.descriptor.file.name;
    this.format = parts.format;
    this.parent = parts.parent;
    const starts: number[] = [];
    let sizeBytes = 0;
    for (const extentFile of parts.extentFiles) {
      starts.push(sizeBytes);
      sizeBytes += extentFile.sizeBytes;
    }
    this.starts = starts;
    this.sizeBytes = sizeBytes;
  }

  async extents(window: ByteRange): Promise<readonly Extent[]> {
    this.assertInside(window);
    const list = new ExtentList();
    const end = endOf(window);
    for (let offset = window.offset, i = this.indexAt(window.offset); offset < end; i++) {
      const { extentFile, start } = this.part(i);
      const stop = Math.min(end, start + extentFile.sizeBytes);
      const found = await extentFile.extents({ offset: offset - start, length: stop - offset });
      // A base never answers `inherited`: what it does not hold reads as zero.
      for (const extent of found) {
        const kind =
          extent.kind === 'inherited' && this.parent === undefined ? 'zero' : extent.kind;
        list.add(kind, extent.offset + start, extent.length);
      }
      offset = stop;
    }
    return list.toArray();
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.assertInside({ offset, length: into.length });
    const end = offset + into.length;
    for (let position = offset, i = this.indexAt(offset); position < end; i++) {
      const { extentFile, start } = this.part(i);
      const stop = Math.min(end, start + extentFile.sizeBytes);
      if (stop > position)
        await extentFile.read(position - start, into.subarray(position - offset, stop - offset));
      position = stop;
    }
  }

  /** As the files are at this call: a later manifest differs when something wrote to them. */
  async manifest(): Promise<LayerManifest> {
    const { descriptor, cid, parent, extentFiles } = this.parts;
    const files: ManifestFile[] = [];
    if (descriptor.place === 'own') files.push(await manifestFile(descriptor.file, {}));
    for (const extentFile of extentFiles) {
      if (extentFile.file !== undefined)
        files.push(await manifestFile(extentFile.file, await extentFile.counters()));
    }
    return {
      descriptorSha256: await this.descriptorSha256(),
      cid,
      parentCid: parent?.parentCid ?? 'ffffffff',
      files,
    };
  }

  async checkTables(signal?: AbortSignal): Promise<readonly TableOddity[]> {
    const found: TableOddity[] = [];
    for (const extentFile of this.parts.extentFiles)
      found.push(...((await extentFile.checkTables?.(signal)) ?? []));
    return found;
  }

  async close(): Promise<void> {
    const { descriptor, extentFiles } = this.parts;
    const closing = extentFiles.map(extentFile => extentFile.close());
    if (descriptor.place === 'own') closing.push(descriptor.file.close());
    await Promise.all(closing);
  }

  private async descriptorSha256(): Promise<string> {
    const { file, range } = this.parts.descriptor;
    const bytes = new Uint8Array(range.length);
    await file.read(range.offset, bytes);
    return createHash('sha256').update(bytes).digest('hex');
  }

  /** Index of the extent file that holds `offset`. */
  private indexAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private part(index: number): { readonly extentFile: ExtentFile; readonly start: number } {
    const extentFile = this.parts.extentFiles[index];
    const start = this.starts[index];
    if (extentFile === undefined || start === undefined)
      throw new EngineError('INTERNAL', {
        where: { file: this.file },
        found: `no extent ${index}`,
      });
    return { extentFile, start };
  }

  private assertInside(range: ByteRange): void {
    assertSafeRange(range, this.file);
    if (endOf(range) <= this.sizeBytes) return;
    throw new EngineError('INTERNAL', {
      where: { file: this.file },
      expected: `a range inside ${this.sizeBytes} bytes`,
      found: `offset ${range.offset}, length ${range.length}`,
    });
  }
}

/** One file's line in a manifest. */
export async function manifestFile(
  file: RandomAccess,
  counters: Readonly<Record<string, string>>,
): Promise<ManifestFile> {
  return { name: baseName(file.name), ...(await file.stat()), counters };
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
