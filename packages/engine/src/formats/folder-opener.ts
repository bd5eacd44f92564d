/**
 * Opens the files of one VM that lie in folders of this machine. Its walls: a file is opened only
 * when its real folder lies inside the VM's folder, a configured root or the folder of a configured
 * datastore, and only when it is a regular file, not a link.
 */
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';

import { EngineError } from '../errors';
import { foreignForm, mappedFolder, onlySpelling, type MappedFolder } from './foreign-path';
import { openLocalFile, type LocalFileMode } from './local-file';
import type { FileOpener, RandomAccess } from './random-access';

export interface FolderAddress {
  /** Absolute path of the VM's folder. */
  readonly folder: string;
  /** Further folders that parents may lie in, absolute. */
  readonly roots: readonly string[];
  /**
   * Prefixes as VMware writes them -> folder here: `/vmfs/volumes/<uuid>`, `[datastore]`,
   * `C:\VMs`, `\\server\share`.
   */
  readonly datastores: Readonly<Record<string, string>>;
}

/** Nothing is touched before the first open. */
export function folderOpener(address: FolderAddress, mode: LocalFileMode = 'async'): FileOpener {
  return new FolderOpener(address, mode);
}

class FolderOpener implements FileOpener {
  private readonly datastores: readonly MappedFolder[];
  private readonly allowed: readonly string[];
  private realAllowed: readonly string[] | undefined;

  constructor(
    private readonly address: FolderAddress,
    private readonly mode: LocalFileMode,
  ) {
    this.datastores = Object.entries(address.datastores).map(([prefix, folder]) => ({
      prefix: foreignForm(prefix),
      folder: path.resolve(folder),
    }));
    this.allowed = [address.folder, ...address.roots]
      .map(folder => path.resolve(folder))
      .concat(this.datastores.map(store => store.folder));
  }

  async open(name: string, from?: string): Promise<RandomAccess> {
    if (name === '' || name.includes('\0'))
      throw outside(name.replaceAll('\0', '\\0'), 'a file name', from);
    const wanted = this.localPath(name, from);
    const realAllowed = await this.realFolders();
    // Told apart before anything is touched: a name must not even show whether a file outside exists.
    if (!isInsideAny(wanted, [...this.allowed, ...realAllowed]))
      throw outside(name, 'a file inside the VM’s folder or a configured root', from);
    const folder = await realFolder(path.dirname(wanted));
    if (!isInsideOrSameAny(folder, realAllowed))
      throw outside(name, 'a file inside the VM’s folder or a configured root', from);
    const file = path.join(folder, path.basename(wanted));
    try {
      return await openLocalFile(file, this.mode);
    } catch (error) {
      const spelled =
        error instanceof EngineError && error.code === 'FILE_MISSING'
          ? await otherSpelling(folder, path.basename(wanted))
          : undefined;
      if (spelled === undefined) throw error;
      return openLocalFile(path.join(folder, spelled), this.mode);
    }
  }

  private localPath(name: string, from: string | undefined): string {
    const foreign = foreignForm(name);
    const store = mappedFolder(this.datastores, foreign);
    if (store !== undefined) return path.resolve(store.folder, `./${store.rest}`);
    switch (foreign.kind) {
      case 'posix':
        return path.resolve(name);
      case 'relative':
        return path.resolve(
          from === undefined ? this.address.folder : path.dirname(from),
          foreign.path,
        );
      case 'datastore':
      case 'windows':
        throw outside(name, 'a prefix that is configured under `datastores`', from);
    }
  }

  private async realFolders(): Promise<readonly string[]> {
    this.realAllowed ??= (
      await Promise.all(this.allowed.map(folder => realpath(folder).catch(() => undefined)))
    ).filter(folder => folder !== undefined);
    return this.realAllowed;
  }
}

async function otherSpelling(folder: string, name: string): Promise<string | undefined> {
  return onlySpelling(name, await readdir(folder).catch(() => []));
}

async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    const missing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw new EngineError(missing ? 'FILE_MISSING' : 'FILE_UNREADABLE', {
      where: { file: folder },
      cause,
    });
  }
}

function isInsideAny(file: string, folders: readonly string[]): boolean {
  return folders.some(folder => file.startsWith(folder.endsWith('/') ? folder : `${folder}/`));
}

function isInsideOrSameAny(file: string, folders: readonly string[]): boolean {
  return folders.includes(file) || isInsideAny(file, folders);
}

function outside(name: string, expected: string, from: string | undefined): EngineError {
  return new EngineError('FILE_OUTSIDE_ROOT', {
    where: { ...(from === undefined ? {} : { file: from }), object: name },
    expected,
    found: `"${name}"`,
    hint: 'If the file may be read, add its folder to the roots of the source, or map its datastore to a folder.',
  });
}
