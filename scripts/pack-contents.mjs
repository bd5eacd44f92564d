// What is in a packed package, and what should not be: looked at in the tarball itself.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { root } from './setup.mjs';

/** One line for each fault. */
export function faultsOf({ name, build, manifest: source }, tarball) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-pack-'));
  try {
    const tar = spawnSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    if (tar.status !== 0) return [`${name}: ${path.basename(tarball)} cannot be unpacked`];
    const files = fs
      .readdirSync(folder, { recursive: true })
      .filter(file => fs.statSync(path.join(folder, file)).isFile());
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    return [
      ...filesFaults(files),
      ...manifestFaults(manifest, source, files),
      ...pathFaults(folder, files),
      ...(build.programs ? [] : importFaults(folder, files, manifest)),
    ].map(fault => `${name}: ${fault}`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function filesFaults(files) {
  const missing = ['README.md', 'LICENSE'].filter(file => !files.includes(file));
  const unwanted = files.filter(file => /^src\/|\.test\.|\.meta\.json$|\.tmp$/.test(file));
  return [
    ...missing.map(file => `has no ${file}`),
    ...unwanted.map(file => `holds ${file}, which is of no use to others`),
  ];
}

/** Every file that it names is there, and Backstage finds its schema and its feature by it. */
function manifestFaults(manifest, source, files) {
  const { main, module, types, exports = {}, bin = {}, configSchema, backstage = {} } = manifest;
  const named = [main, module, types, configSchema, ...leaves(exports), ...leaves(bin)]
    .filter(file => file !== undefined)
    .map(file => path.posix.normalize(file));
  const faults = named
    .filter(file => !files.includes(file))
    .map(file => `its package.json names ${file}, which is not in it`);
  if (source.configSchema !== undefined && !/\.json$/.test(configSchema ?? ''))
    faults.push('its configuration has no JSON schema');
  if (/plugin/.test(backstage.role ?? '') && backstage.features?.['.'] === undefined)
    faults.push('Backstage would find no feature in it (backstage.features)');
  if (JSON.stringify(manifest).includes('workspace:'))
    faults.push('it depends on a version that only this checkout has (workspace:)');
  return faults;
}

function leaves(value) {
  if (typeof value === 'string') return [value];
  // An export's `backstage` is what kind of feature it is, not a file.
  const files = Object.entries(value).filter(([key]) => key !== 'backstage');
  return files.flatMap(([, inner]) => leaves(inner));
}

function pathFaults(folder, files) {
  return files
    .filter(file => fs.readFileSync(path.join(folder, file)).includes(root))
    .map(file => `${file} names a folder of this machine`);
}

const importOf =
  /(?:\bfrom\s*|\brequire\(\s*|\bimport\(\s*|^import\s+)(["'])((?:@[\w.-]+\/)?[\w-][\w.-]*)(?:\/[^"'\n]*)?\1/gm;

/** What it imports comes with it, or is the app's own; for declarations, with its types. */
function importFaults(folder, files, { name, dependencies = {}, peerDependencies = {} }) {
  const given = new Set([name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  const faults = new Set();
  for (const file of files.filter(one => /\.(js|d\.ts)$/.test(one))) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const [, , imported] of text.matchAll(importOf)) {
      if (builtinModules.includes(imported)) continue;
      const wanted = [imported, ...(file.endsWith('.d.ts') ? apartTypes(imported) : [])];
      for (const one of wanted.filter(one => !given.has(one)))
        faults.add(`${file} imports ${imported}, and ${one} is no dependency`);
    }
  }
  return [...faults];
}

/** The package with the types of another one that has none itself. An app brings those of React. */
function apartTypes(imported) {
  const types = `@types/${imported.replace(/^@/, '').replace('/', '__')}`;
  const isApart = fs.existsSync(path.join(root, 'node_modules', types)) && imported !== 'react';
  return isApart ? [types] : [];
}
