/** Names of files as VMware writes them into its files, on ESXi, Windows and Linux hosts. */

/** A path as VMware writes it, with `/` between its parts. */
export interface ForeignPath {
  readonly kind: 'posix' | 'windows' | 'datastore' | 'relative';
  readonly path: string;
}

/** A prefix as VMware writes it, and the folder that it means here. */
export interface MappedFolder {
  readonly prefix: ForeignPath;
  readonly folder: string;
}

/** `[ds] vm/x.vmdk`, `C:\VMs\x.vmdk`, `\\server\share\x.vmdk`, `/vmfs/volumes/ds/x.vmdk`, `..\x.vmdk`. */
export function foreignForm(name: string): ForeignPath {
  const datastore = /^\[([^\]]+)\]\s*(.*)$/.exec(name);
  if (datastore !== null)
    return {
      kind: 'datastore',
      path: `/vmfs/volumes/${datastore[1] ?? ''}/${slashed(datastore[2] ?? '')}`.replace(
        /\/+$/,
        '',
      ),
    };
  if (/^[a-z]:[\\/]/i.test(name) || name.startsWith('\\\\'))
    return { kind: 'windows', path: slashed(name).toLowerCase().replace(/\/+$/, '') };
  if (name.startsWith('/')) return { kind: 'posix', path: name.replace(/(?<=.)\/+$/, '') };
  return { kind: 'relative', path: slashed(name) };
}

function slashed(name: string): string {
  return name.replaceAll('\\', '/');
}

/** The folder of the longest prefix that fits, and the rest of the name, which begins with `/`. */
export function mappedFolder(
  folders: readonly MappedFolder[],
  name: ForeignPath,
): { readonly folder: string; readonly rest: string } | undefined {
  let best: MappedFolder | undefined;
  for (const mapped of folders) {
    const prefix = mapped.prefix.path;
    if (!name.path.startsWith(`${prefix}/`) || name.kind === 'relative') continue;
    if (best === undefined || prefix.length > best.prefix.path.length) best = mapped;
  }
  return best && { folder: best.folder, rest: name.path.slice(best.prefix.path.length) };
}

/**
 * Windows and macOS hosts do not tell `Disk.vmdk` from `disk.VMDK`; a copy on Linux does. Only a
 * single candidate counts.
 */
export function onlySpelling(name: string, names: readonly string[]): string | undefined {
  const wanted = folded(name);
  const same = names.filter(other => folded(other) === wanted);
  return same.length === 1 ? same[0] : undefined;
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
