/** The files of a mutant for the readers, with a record of everything that no reader may do. */
import {
  mkdirSync,
  openSync,
  closeSync,
  writeSync,
  ftruncateSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { EngineError } from '../../packages/engine/src/errors';
import { folderOpener } from '../../packages/engine/src/formats/folder-opener';
import type { FileOpener, RandomAccess } from '../../packages/engine/src/formats/random-access';
import type { Mutant } from './mutate';
import type { PatchedFile } from './patched-file';

export interface WatchedOpener {
  readonly opener: FileOpener;
  /** What readers did against the rules. */
  readonly offences: string[];
  /** Files opened and not closed. */
  stillOpen(): number;
}

/** Files in memory. A name with a way out is refused, as the contract of FileOpener has it. */
export function memoryOpener(mutant: Mutant): WatchedOpener {
  return watched({
    async open(name, from) {
      const place = path.posix.normalize(
        path.posix.join(
          from === undefined ? '' : path.posix.dirname(from),
          name.replaceAll('\\', '/'),
        ),
      );
      if (name === '' || name.includes('\0') || name.startsWith('/') || place.startsWith('..'))
        throw new EngineError('FILE_OUTSIDE_ROOT', { where: { object: name } });
      const file = mutant.files.get(place);
      if (file === undefined) throw new EngineError('FILE_MISSING', { where: { file: place } });
      return inMemory(place, file);
    },
  });
}

function inMemory(name: string, file: PatchedFile): RandomAccess {
  return {
    name,
    sizeBytes: file.sizeBytes,
    read: async (offset, into) => file.read(offset, into),
    stat: async () => ({ sizeBytes: file.sizeBytes, mtimeNs: '0', inode: name }),
    close: async () => undefined,
  };
}

/** Larger ones are not written: not every file system can hold them, even as holes. */
const LARGEST_ON_DISK = 2 ** 40;

/**
 * The mutant as real files in `folder`/vm, read through the engine's own opener; beside it lie the
 * files that hostile names point at. `undefined` when it claims to be larger than a disk can.
 */
export function diskOpener(mutant: Mutant, folder: string): WatchedOpener | undefined {
  if ([...mutant.files.values()].some(file => file.sizeBytes > LARGEST_ON_DISK)) return undefined;
  const vm = path.join(folder, 'vm');
  rmSync(vm, { recursive: true, force: true });
  mkdirSync(vm, { recursive: true });
  for (const name of ['outside.vmdk', 'outside-flat.vmdk'])
    writeFileSync(path.join(folder, name), Buffer.alloc(1 << 20, 'outside '));
  for (const [name, file] of mutant.files) writeSparse(path.join(vm, name), file);
  const inner = folderOpener({ folder: vm, roots: [], datastores: {} }, 'sync');
  return watched(inner, file =>
    path.dirname(file.name) === vm ? undefined : `opened ${file.name}, outside ${vm}`,
  );
}

function writeSparse(to: string, file: PatchedFile): void {
  const fd = openSync(to, 'w');
  try {
    for (const { offset, bytes } of file.written()) {
      const length = Math.min(bytes.length, file.sizeBytes - offset);
      if (length > 0) writeSync(fd, bytes, 0, length, offset);
    }
    ftruncateSync(fd, file.sizeBytes);
  } finally {
    closeSync(fd);
  }
}

function watched(
  inner: FileOpener,
  judge: (file: RandomAccess) => string | undefined = () => undefined,
): WatchedOpener {
  const offences: string[] = [];
  const open = new Set<RandomAccess>();
  const opener: FileOpener = {
    async open(name, from) {
      const file = await inner.open(name, from);
      const offence = judge(file);
      if (offence !== undefined) offences.push(offence);
      open.add(file);
      return watchedFile(file, offences, () => open.delete(file));
    },
  };
  return { opener, offences, stillOpen: () => open.size };
}

function watchedFile(file: RandomAccess, offences: string[], closed: () => void): RandomAccess {
  let isOpen = true;
  return {
    name: file.name,
    sizeBytes: file.sizeBytes,
    async read(offset, into) {
      if (!isOpen) offences.push(`read ${file.name} after it was closed`);
      const inside =
        Number.isSafeInteger(offset) && offset >= 0 && offset + into.length <= file.sizeBytes;
      if (inside) return file.read(offset, into);
      offences.push(
        `read ${into.length} bytes at ${offset} of ${file.name}, which has ${file.sizeBytes}: ${new Error().stack ?? ''}`,
      );
      throw new EngineError('LAYER_DAMAGED', { where: { file: file.name, offsetBytes: offset } });
    },
    stat: () => file.stat(),
    ...(file.allocated === undefined ? {} : { allocated: file.allocated.bind(file) }),
    async close() {
      isOpen = false;
      closed();
      await file.close();
    },
  };
}
