// What goes into the images, layer by layer: { path, bytes, mode, from? }.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const USER = 107; // qemu's and CDI's, so that KubeVirt reads what we wrote

/** The layer that all images share: the running Node, every library that it links to, and the little that a Linux program looks for. */
export function runtimeFiles(node) {
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

/** The mover's bundle, and koffi beside it. */
export function moverFiles(root, mover) {
  return [file('app/mover.cjs', mover), ...koffiFiles(root)];
}

/** The command line with all that a worker needs: no embedded PostgreSQL, no image but the mover's name. */
export function workerFiles(root, { cli, mover, moverImage }) {
  const bundles = ['main.cjs', 'cli.cjs'].map(name => file(`app/${name}`, path.join(cli, name)));
  return [
    ...bundles,
    file('app/mover.cjs', mover),
    // By which the engine in there knows the image of its movers.
    { path: 'app/image.json', bytes: moverImage, mode: 0o644 },
    { path: 'etc/vm-migrate/', mode: 0o755 },
    ...koffiFiles(root),
    // Reads its own SQL files, so it is no part of the bundle.
    ...packageFiles(root, 'graphile-worker'),
  ];
}

function file(to, from, mode = 0o644) {
  return { path: to, bytes: fs.readFileSync(from), mode, from };
}

/** koffi as a package: its native file for this processor and the C library of Node. */
function koffiFiles(root) {
  const modules = path.join(root, 'node_modules');
  const native = `@koromix/koffi-linux-${process.arch}`;
  const wanted = [
    'koffi/package.json',
    'koffi/index.cjs',
    'koffi/LICENSE.txt',
    ...under(modules, 'koffi/src').filter(name => name.endsWith('.cjs')),
    `${native}/package.json`,
    `${native}/index.js`,
    `${native}/linux_${process.arch}/koffi.node`,
  ];
  return wanted.map(name => file(`app/node_modules/${name}`, path.join(modules, name)));
}

/** A package and all that it depends on, where they lie in node_modules; what only compilers and people read is left out. */
function packageFiles(root, name) {
  return packageFolders(root, name).flatMap(folder =>
    fs
      .readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
      .filter(entry => entry.isFile())
      .map(entry => path.relative(root, path.join(entry.parentPath, entry.name)))
      .filter(found => isProgram(found.slice(folder.length + 1)))
      .sort()
      .map(found => file(`app/${found}`, path.join(root, found))),
  );
}

const PROGRAM = /\.(js|cjs|mjs|json|sql)$|(^|\/)LICEN[CS]E[^/]*$/i;
const FOR_OTHERS =
  /(^|\/)(node_modules|__tests__|tests?|docs?|examples?|website)\/|\.(test|spec)\.|\.d\.[cm]?ts$/;

function isProgram(name) {
  return PROGRAM.test(name) && !FOR_OTHERS.test(name);
}

/** Folders below `root`, nested ones too, sorted. Types are for compilers. */
function packageFolders(root, name) {
  const found = new Set();
  const visit = (wanted, from) => {
    if (wanted.startsWith('@types/') || wanted === 'undici-types') return;
    const folder = resolved(root, wanted, from);
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    const { dependencies = {} } = JSON.parse(
      fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'),
    );
    for (const needed of Object.keys(dependencies)) visit(needed, folder);
  };
  visit(name, '');
  return [...found].sort();
}

/** As Node looks for it: in the folder's own node_modules, then further up. */
function resolved(root, name, from) {
  for (let at = from; ; at = path.dirname(at) === '.' ? '' : path.dirname(at)) {
    const folder = path.join(at, 'node_modules', name);
    if (fs.existsSync(path.join(root, folder, 'package.json'))) return folder;
    if (at === '') return undefined;
  }
}

function under(base, folder) {
  return fs
    .readdirSync(path.join(base, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(base, path.join(entry.parentPath, entry.name)))
    .sort();
}
