// A tar (ustar) of files that are in memory, the same bytes for the same files: sorted, no times, root's.

const BLOCK = 512;

/** `files`: { path, bytes?, mode?, link? }; a path that ends in `/` is a folder; folders on the way are made. */
export function tar(files) {
  const entries = withFolders(files).sort((one, other) => (one.path < other.path ? -1 : 1));
  const parts = entries.flatMap(entry => {
    const bytes = entry.bytes ?? Buffer.alloc(0);
    return [
      header(entry, bytes.length),
      bytes,
      Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
    ];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function withFolders(files) {
  const all = new Map(files.map(file => [file.path, file]));
  for (const file of files) {
    const names = file.path.replace(/\/$/, '').split('/').slice(0, -1);
    names.forEach((_, depth) => {
      const folder = `${names.slice(0, depth + 1).join('/')}/`;
      if (!all.has(folder)) all.set(folder, { path: folder });
    });
  }
  return [...all.values()];
}

function header({ path, mode, link }, size) {
  const folder = path.endsWith('/');
  const block = Buffer.alloc(BLOCK);
  const octal = (value, at, length) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  const { name, prefix } = splitName(path);
  block.write(name, 0, 'utf8');
  octal(mode ?? (folder ? 0o755 : 0o644), 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(link === undefined ? size : 0, 124, 12);
  octal(0, 136, 12);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(folder ? '5' : link === undefined ? '0' : '2', 156, 'latin1');
  if (link !== undefined) block.write(link, 157, 'utf8');
  block.write('ustar\0' + '00', 257, 'latin1');
  block.write(prefix, 345, 'utf8');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Names of more than 100 bytes are cut at a slash. */
function splitName(path) {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155)
      return { name, prefix };
  }
  throw new Error(`no room in a tar for the name ${path}`);
}
