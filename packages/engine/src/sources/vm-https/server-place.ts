/**
 * What of a server a source may read: one folder and what is below it. Files are named by server and
 * path (`https://host/store/vm 1/disk.vmdk`); only here a name becomes the path of a request.
 */
import { EngineError } from '../../errors';
import { resolveIn, serverOf } from '../vm-files/file-name';

export class ServerPlace {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Name of the folder; without a slash at its end, unless it is the whole server. */
  readonly root: string;
  /** `?dcPath=...&dsName=...`, or ''. Sent with every request. */
  readonly query: string;
  readonly url: URL;

  /** @throws EngineError CONFIG_INVALID */
  constructor(address: string) {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const path = url && decodedPath(url.pathname);
    if (
      url === undefined ||
      path === undefined ||
      !/^https?:$/.test(url.protocol) ||
      url.username !== '' ||
      url.password !== '' ||
      url.hash !== ''
    ) {
      throw new EngineError('CONFIG_INVALID', {
        where: { object: 'url of a source of kind vm-https' },
        expected: 'https://HOST[:PORT]/FOLDER, without a user name, a password or a #',
        found: 'something else (not repeated here)',
        hint: 'Credentials go into an environment variable or a file that `credentials` names.',
      });
    }
    this.url = url;
    this.origin = url.origin;
    this.root = url.origin + (path.replace(/\/+$/, '') || '/');
    this.query = url.search;
  }

  /** Whether the name is that of the root or of something below it. */
  holds(name: string): boolean {
    const inside = this.root.endsWith('/') ? this.root : `${this.root}/`;
    return name === this.root || name.startsWith(inside);
  }

  /** A folder inside, by its path from the root. @throws EngineError CONFIG_INVALID when it is outside */
  folderAt(relative: string): string {
    const folder = resolveIn(this.root, `./${relative}`);
    if (this.holds(folder)) return folder;
    throw new EngineError('CONFIG_INVALID', {
      where: { object: 'datastores of a source of kind vm-https' },
      expected: 'folders below the url, as paths from it',
      found: `"${relative}"`,
    });
  }

  /**
   * What a request for a file asks for. Every part is encoded, so nothing in a name is more than a name.
   * @throws EngineError FILE_OUTSIDE_ROOT
   */
  requestPath(file: string): string {
    const parts = file.slice(this.origin.length).split('/').slice(1);
    if (!this.holds(file) || !parts.every(isPlainName))
      throw new EngineError('FILE_OUTSIDE_ROOT', {
        where: { object: file },
        expected: `a name below ${this.root}`,
        found: `"${file}"`,
      });
    return `/${parts.map(encodeURIComponent).join('/')}${this.query}`;
  }

  /** As requestPath; servers list a folder under its name with a slash. */
  requestPathOfFolder(folder: string): string {
    const bare = folder.replace(/\/+$/, '');
    if (serverOf(bare) === bare) return `/${this.query}`;
    const path = this.requestPath(bare);
    return `${path.slice(0, path.length - this.query.length)}/${this.query}`;
  }
}

/** Whether a part of a path names something directly inside a folder, on whatever server. */
export function isPlainName(name: string): boolean {
  return (
    name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name) && name.isWellFormed()
  );
}

/** `undefined` when it is not UTF-8. */
export function decodedPath(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
