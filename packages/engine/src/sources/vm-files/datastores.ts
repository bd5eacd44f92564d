/** Which datastore a file lies in, by what the configuration of a source says of datastores. */
import { pathOf, serverOf } from './file-name';

/**
 * The nearest configured folder around the file.
 * @param datastores prefixes as VMware writes them -> absolute folder
 */
export function configuredDatastore(
  file: string,
  datastores: Readonly<Record<string, string>>,
): string | undefined {
  const around = Object.entries(datastores)
    .filter(([, folder]) => holds(folder, file))
    .sort(([, one], [, other]) => other.length - one.length);
  const [prefix] = around[0] ?? [];
  return prefix === undefined ? undefined : datastoreName(prefix);
}

/** `/vmfs/volumes/ds1/...` and `[ds1] ...` are `ds1`; any other prefix is called by what it is. */
export function datastoreName(prefix: string): string {
  return (
    /^\/vmfs\/volumes\/([^/]+)/.exec(prefix)?.[1] ?? /^\[([^\]]+)\]/.exec(prefix)?.[1] ?? prefix
  );
}

function holds(folder: string, file: string): boolean {
  if (serverOf(folder) !== serverOf(file)) return false;
  const inside = pathOf(folder).replace(/\/*$/, '/');
  return pathOf(file).startsWith(inside);
}
