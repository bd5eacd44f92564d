// What an image is made of, as CycloneDX 1.5: no times and no random numbers, so the same
// image has the same list.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** `metas`: what esbuild wrote beside each bundle that is in it. */
export function sbom({ root, title, version, digest, metas, runtime, app }) {
  const libraries = runtime.filter(({ path: to, from }) => from && /\.so(\.|$)/.test(to));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'container',
        'bom-ref': 'image',
        name: title,
        version,
        purl: `pkg:oci/${title}@${encodeURIComponent(digest)}`,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: [
      {
        type: 'application',
        name: 'node',
        version: process.versions.node,
        purl: `pkg:generic/node@${process.versions.node}`,
        licenses: [{ license: { id: 'MIT' } }],
        hashes: hashes(runtime[0].bytes),
      },
      ...libraries.map(library),
      ...npmPackages(root, metas, app),
    ],
  };
}

function library({ path: to, bytes, from }) {
  const owner = debianPackage(from) ?? debianPackage(`/${to}`);
  return {
    type: 'library',
    name: path.basename(to),
    ...(owner && { version: owner.version, purl: `pkg:deb/debian/${owner.name}@${owner.version}` }),
    hashes: hashes(bytes),
  };
}

/** Which package of the machine a library is from; `undefined` where there is no dpkg. */
function debianPackage(file) {
  const aliases = [file, file.replace(/^\/usr/, '')];
  for (const alias of aliases) {
    const search = spawnSync('dpkg-query', ['--search', alias], { encoding: 'utf8' });
    const name = search.status === 0 ? search.stdout.split(': ')[0].split(',')[0] : undefined;
    if (name === undefined) continue;
    const show = spawnSync('dpkg-query', ['--show', '--showformat=${Version}', name], {
      encoding: 'utf8',
    });
    if (show.status === 0) return { name: name.split(':')[0], version: show.stdout };
  }
  return undefined;
}

/** Packages inside the bundles (as esbuild lists its inputs) and those that lie beside them. */
function npmPackages(root, metas, app) {
  const inputs = metas.flatMap(file =>
    Object.keys(JSON.parse(fs.readFileSync(file, 'utf8')).inputs),
  );
  const beside = app.flatMap(({ from }) => (from === undefined ? [] : [path.relative(root, from)]));
  const folders = [...inputs, ...beside].map(
    input => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1],
  );
  const packages = [...new Set(folders.filter(folder => folder !== undefined))].map(folder => {
    const { name, version, license } = JSON.parse(
      fs.readFileSync(path.join(root, folder, 'package.json'), 'utf8'),
    );
    return {
      type: 'library',
      name,
      version,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      ...(license && { licenses: [{ license: { id: license } }] }),
    };
  });
  const byPurl = new Map(packages.map(found => [found.purl, found]));
  return [...byPurl.values()].sort((one, other) => (one.purl < other.purl ? -1 : 1));
}

function hashes(bytes) {
  return [{ alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') }];
}
