/**
 * Absolute names of files, as a tree holds them while it is put together: a path of this machine
 * (`/mnt/store/vm/disk.vmdk`), or the server in front of a path (`https://host/store/vm/disk.vmdk`,
 * not percent-encoded, so that the parts are the files' own names).
 */
import path from 'node:path';

/** `https://host:port`, or '' for a path of this machine. */
export function serverOf(file: string): string {
  return /^https?:\/\/[^/]+/.exec(file)?.[0] ?? '';
}

/** The part behind the server. */
export function pathOf(file: string): string {
  return file.slice(serverOf(file).length) || '/';
}

/** A name in a folder; `..` in it is followed, so the result may lie outside. */
export function fileIn(folder: string, name: string): string {
  return serverOf(folder) + path.join(pathOf(folder), name);
}

export function folderOf(file: string): string {
  return serverOf(file) + path.dirname(pathOf(file));
}

/** What `name` means when it is written in a file of `folder`; it stays on the folder's server. */
export function resolveIn(folder: string, name: string): string {
  const server = serverOf(folder);
  const local = server !== '' && name.startsWith(`${server}/`) ? name.slice(server.length) : name;
  return server + path.resolve(pathOf(folder), local);
}

export function isAbsoluteName(name: string): boolean {
  return path.isAbsolute(name) || serverOf(name) !== '';
}

/** As LayerNode.file has it: relative inside the VM's folder, else absolute. */
export function shownFile(folder: string, file: string): string {
  if (serverOf(folder) !== serverOf(file)) return file;
  const relative = path.relative(pathOf(folder), pathOf(file));
  const inside =
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative);
  return inside ? relative : file;
}
