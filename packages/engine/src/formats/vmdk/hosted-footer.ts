/**
 * The footer of a streamOptimized file: a second header at its end, written when the writer knew
 * where its tables went. It counts where the first header says that the directory is "in the footer".
 */
import { SECTOR_BYTES, viewOf } from '../../bytes';
import type { RandomAccess } from '../random-access';
import { damaged } from './damaged';
import { checkedFields, readHeaderBytes, type HostedFields } from './hosted-fields';
import { HOSTED_HEADER, MARKER, MARKER_TYPE } from './layout';

/** A footer's fields with the place of the directory. */
export type FooterFields = HostedFields & { readonly directorySectors: number };

/**
 * Reads the footer and makes sure that it belongs to `header`. It has no descriptor of its own; the
 * header's is given instead.
 * @throws EngineError LAYER_DAMAGED, LAYER_UNSUPPORTED
 */
export async function readHostedFooter(
  file: RandomAccess,
  header: HostedFields,
): Promise<FooterFields> {
  const offset = file.sizeBytes - 2 * SECTOR_BYTES;
  const footer = checkedFields(file, await footerBytes(file, offset), offset);
  assertSameDisk(file, header, footer, offset);
  const { directorySectors } = footer;
  if (directorySectors === 'in-footer')
    throw damaged(
      file,
      offset + HOSTED_HEADER.directorySectors.offset,
      'a grain directory',
      'a footer that points to a footer',
    );
  return {
    ...footer,
    directorySectors,
    descriptorOffsetSectors: header.descriptorOffsetSectors,
    descriptorSizeSectors: header.descriptorSizeSectors,
  };
}

/** The footer lies between its marker and the end-of-stream marker. */
async function footerBytes(file: RandomAccess, footerOffset: number): Promise<Uint8Array> {
  const marker = viewOf(await readHeaderBytes(file, footerOffset - SECTOR_BYTES));
  if (MARKER.sizeBytes.read(marker) !== 0 || MARKER.type.read(marker) !== MARKER_TYPE.footer) {
    throw damaged(
      file,
      footerOffset - SECTOR_BYTES,
      'the marker of a footer',
      'something else: the end of the file is missing',
    );
  }
  const end = viewOf(await readHeaderBytes(file, footerOffset + SECTOR_BYTES));
  if (
    MARKER.value.read(end) !== 0 ||
    MARKER.sizeBytes.read(end) !== 0 ||
    MARKER.type.read(end) !== MARKER_TYPE.endOfStream
  ) {
    throw damaged(
      file,
      footerOffset + SECTOR_BYTES,
      'the end-of-stream marker',
      'something else: the end of the file is missing',
    );
  }
  return readHeaderBytes(file, footerOffset);
}

function assertSameDisk(
  file: RandomAccess,
  header: HostedFields,
  footer: HostedFields,
  footerOffset: number,
): void {
  for (const field of ['capacitySectors', 'grainSectors', 'entriesPerTable', 'flags'] as const) {
    if (header[field] === footer[field]) continue;
    throw damaged(
      file,
      footerOffset,
      `a footer with the header's ${field} ${header[field]}`,
      String(footer[field]),
    );
  }
}
