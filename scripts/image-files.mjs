// What goes into the mover's image, layer by layer: { path, bytes, mode, from? }.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const USER = 107; // qemu's and CDI's, so that KubeVirt reads what we wrote

/** The running Node, every library that it links to, and the little that a Linux program looks for. */
export function runtimeFiles(node) {
  const file = (to, from, mode) => ({ path: to, bytes: fs.readFileSync(from), mode, from });
  const text = (to, content) => ({ path: to, bytes: Buffer.from(content), mode: 0o644 });
  const libraries = linkedLibraries(node).map(library =>
    file(library.slice(1), fs.realpathSync(library), 0o755),
  );
  return [
    file('usr/local/bin/node', fs.realpathSync(node), 0o755),
    ...libraries,
    text(
      'etc/passwd',
      `root:x:0:0:root:/:/sbin/nologin\nmover:x:${USER}:${USER}:mover:/tmp:/sbin/nologin\n`,
    ),
    text('etc/group', `root:x:0:\nmover:x:${USER}:\n`),
    text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
    { path: 'tmp/', mode: 0o1777 },
    // Where pods put things: so that a root file system which is read-only has the folders.
    ...['order/', 'control/', 'tables/', 'volume/'].map(folder => ({ path: folder, mode: 0o755 })),
  ];
}

/** Paths as the dynamic linker looks for them; it is one of them itself. */
function linkedLibraries(program) {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  const paths = lines.map(line => /(?:=>\s*)?(\/\S+)\s+\(0x/.exec(line)?.[1]);
  return [...new Set(paths.filter(found => found !== undefined))].sort();
}

/** The bundle, and koffi as a package beside it: its native file for this processor and the C library of Node. */
export function appFiles(root, mover) {
  const modules = path.join(root, 'node_modules');
  const native = `@koromix/koffi-linux-${process.arch}`;
  const wanted = [
    'koffi/package.json',
    'koffi/index.cjs',
    'koffi/LICENSE.txt',
    ...under(modules, 'koffi/src').filter(file => file.endsWith('.cjs')),
    `${native}/package.json`,
    `${native}/index.js`,
    `${native}/linux_${process.arch}/koffi.node`,
  ];
  return [
    { path: 'app/mover.cjs', bytes: fs.readFileSync(mover), mode: 0o644, from: mover },
    ...wanted.map(name => ({
      path: `app/node_modules/${name}`,
      bytes: fs.readFileSync(path.join(modules, name)),
      mode: 0o644,
      from: path.join(modules, name),
    })),
  ];
}

function under(base, folder) {
  return fs
    .readdirSync(path.join(base, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(base, path.join(entry.parentPath, entry.name)))
    .sort();
}
