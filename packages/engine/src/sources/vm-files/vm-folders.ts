/**
 * Where the files of VMs lie, as far as finding VMs and putting their trees together need it: a
 * folder of this machine or of a server. Folders and files are absolute names (file-name.ts).
 */
import type { EngineError } from '../../errors';
import type { FileOpener } from '../../formats/random-access';

export interface VmFolders {
  /**
   * One level, in any order.
   * @throws EngineError FILE_MISSING, FILE_UNREADABLE, SOURCE_…
   */
  list(folder: string): Promise<readonly ListedEntry[]>;

  /** Of a regular file; `undefined` when there is none that can be looked at. */
  sizeOf(file: string): Promise<number | undefined>;

  /** What the datastore of a file is called where the VM comes from; `undefined`: nothing says it. */
  datastoreOf?(file: string): Promise<string | undefined>;

  /** Opens the files of the VM in `folder`, within the walls of the source. */
  opener(folder: string): FileOpener;
}

export interface ListedEntry {
  readonly name: string;
  /** `other`: a link, a device; never followed nor read. */
  readonly kind: 'file' | 'folder' | 'other';
}

/**
 * Whether the source as a whole cannot be used now, and not just one file: then there is no tree,
 * instead of one in which every file is broken.
 */
export function isSourceTrouble({ code }: EngineError): boolean {
  return code === 'SOURCE_UNREACHABLE' || code === 'SOURCE_REFUSED' || code === 'SOURCE_UNSUITABLE';
}
