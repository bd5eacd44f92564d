// Whether a piece of set-up is up to date: a hash of what it is made from, kept beside the tools.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const skipped = new Set(['node_modules', 'dist', '.git', '.tools', 'coverage']);

/** All files under `folder` (or `folder` itself if it is a file), sorted, without what is built. */
export function filesUnder(folder, wanted = () => true) {
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [folder];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(entry => !skipped.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return filesUnder(file, wanted);
      return entry.isFile() && wanted(file) ? [file] : [];
    });
}

export function hashFiles(root, files, ...more) {
  const hash = createHash('sha256');
  for (const text of more) hash.update(`${text}\0`);
  for (const file of files) {
    const content = fs.readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

export function stamp(tools, name) {
  const file = path.join(tools, 'stamps', name);
  return {
    matches: hash => fs.existsSync(file) && fs.readFileSync(file, 'utf8') === hash,
    write(hash) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, hash);
    },
    clear: () => fs.rmSync(file, { force: true }),
  };
}

/** One set-up at a time in a checkout. A lock whose owner is gone (it holds a pid) is taken over. */
export function withLock(tools, log, body) {
  fs.mkdirSync(tools, { recursive: true });
  const file = path.join(tools, 'lock');
  let announced = false;
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readIfThere(file));
    if (!owner || !isAlive(owner)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!announced) log(`waiting for another set-up of this checkout (process ${owner})`);
    announced = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    return body();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
