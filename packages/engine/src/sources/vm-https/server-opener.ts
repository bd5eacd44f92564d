/**
 * Opens the files of one VM on a server. Its walls: a name in a descriptor means a file below the
 * source's url, or nothing; which file a request is for is never decided by the server's links.
 */
import { EngineError } from '../../errors';
import {
  foreignForm,
  mappedFolder,
  onlySpelling,
  type MappedFolder,
} from '../../formats/foreign-path';
import type { FileOpener, RandomAccess } from '../../formats/random-access';
import { fileIn, folderOf, resolveIn } from '../vm-files/file-name';
import { isSourceTrouble } from '../vm-files/vm-folders';
import { listFolder } from './list-folder';
import { openServerFile, type ServerFile } from './server-file';
import type { SourceServer } from './source-server';

export class ServerOpener implements FileOpener {
  private readonly opened: ServerFile[] = [];
  private readonly datastores: readonly MappedFolder[];

  /** @param folder the VM's, as an absolute name */
  constructor(
    private readonly server: SourceServer,
    private readonly folder: string,
  ) {
    this.datastores = Object.entries(server.datastores).map(([prefix, target]) => ({
      prefix: foreignForm(prefix),
      folder: target,
    }));
  }

  /** @throws EngineError FILE_OUTSIDE_ROOT, FILE_MISSING, FILE_UNREADABLE, SOURCE_… */
  async open(name: string, from?: string): Promise<RandomAccess> {
    if (name === '' || name.includes('\0'))
      throw outside(name.replaceAll('\0', '\\0'), 'a file name', from);
    const wanted = this.named(name, from);
    if (!this.server.place.holds(wanted) || wanted === this.server.place.root)
      throw outside(name, `a file below ${this.server.place.root}`, from);
    const file = await openServerFile(this.server, wanted).catch((error: unknown) =>
      this.openSpelledOtherwise(wanted, error),
    );
    this.opened.push(file);
    return file;
  }

  /** What is read from now on through the files that are open is as new as the read. */
  forget(): void {
    this.opened.forEach(file => file.forget());
  }

  private named(name: string, from: string | undefined): string {
    const { origin } = this.server.place;
    // As this opener and the tree name files.
    if (name.startsWith(`${origin}/`)) return resolveIn(this.folder, name);
    const foreign = foreignForm(name);
    const store = mappedFolder(this.datastores, foreign);
    if (store !== undefined) return resolveIn(store.folder, `./${store.rest}`);
    switch (foreign.kind) {
      case 'relative':
        return resolveIn(from === undefined ? this.folder : folderOf(from), foreign.path);
      case 'posix':
      case 'datastore':
      case 'windows':
        throw outside(name, 'a prefix that is configured under `datastores`', from);
    }
  }

  private async openSpelledOtherwise(wanted: string, error: unknown): Promise<ServerFile> {
    if (!(error instanceof EngineError) || error.code !== 'FILE_MISSING') throw error;
    const folder = folderOf(wanted);
    const entries = await listFolder(this.server, folder).catch((trouble: unknown) => {
      if (trouble instanceof EngineError && !isSourceTrouble(trouble)) return [];
      throw trouble;
    });
    const spelled = onlySpelling(
      wanted.slice(folder.length).replace(/^\//, ''),
      entries.filter(({ kind }) => kind === 'file').map(({ name }) => name),
    );
    const other = spelled === undefined ? wanted : fileIn(folder, spelled);
    if (other === wanted) throw error;
    return await openServerFile(this.server, other);
  }
}

function outside(name: string, expected: string, from: string | undefined): EngineError {
  return new EngineError('FILE_OUTSIDE_ROOT', {
    where: { ...(from === undefined ? {} : { file: from }), object: name },
    expected,
    found: `"${name}"`,
    hint: 'If the file may be read, map its datastore to a folder below the url of the source, or name a folder further up there.',
  });
}
