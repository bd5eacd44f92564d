// Makes the mover's OCI image without Docker (`npm run image`): layer 1 the Node runtime and what it
// links to, layer 2 the bundled mover and koffi's native file. Same input, same bytes.
//
//   packages/mover/dist/image.json               digest, size, name, and the program's hash: how the engine knows its mover
//   packages/mover/dist/image/                   OCI layout
//   packages/mover/dist/vm-migrate-mover.tar     the same as one file, for `ctr -n k8s.io images import`,
//                                                `docker load`, `skopeo copy oci-archive:`
//   packages/mover/dist/vm-migrate-mover.cdx.json   what is in it (CycloneDX)
//
// node scripts/image.mjs [--name REPOSITORY] [--out FOLDER] [--mover FILE]
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { appFiles, runtimeFiles } from './image-files.mjs';
import { sbom } from './image-sbom.mjs';
import { tar } from './image-tar.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const DEFAULT_NAME = 'vm-migrate.local/mover';
const MAX_COMPRESSED_BYTES = 60 * 1024 * 1024;
const EPOCH = '1970-01-01T00:00:00Z';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: DEFAULT_NAME },
    out: { type: 'string', default: path.join(root, 'packages/mover/dist') },
    mover: { type: 'string', default: path.join(root, 'packages/mover/dist/mover.cjs') },
  },
});

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');
const json = value => Buffer.from(`${JSON.stringify(value, null, 1)}\n`);

function makeImage({ name, out, mover }) {
  const version = /MOVER_VERSION = '([^']+)'/.exec(
    fs.readFileSync(path.join(root, 'packages/engine/src/mover/version.ts'), 'utf8'),
  )[1];
  const runtime = runtimeFiles(process.execPath);
  const app = appFiles(root, mover);
  const layers = [
    { words: `Node ${process.version} and its libraries`, ...packed(runtime, out) },
    { words: `mover ${version}`, ...packed(app, out) },
  ];
  const config = json({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: EPOCH,
    config: {
      User: '107:107',
      WorkingDir: '/tmp',
      Env: ['PATH=/usr/local/bin', 'HOME=/tmp', 'NODE_ENV=production'],
      Entrypoint: ['/usr/local/bin/node', '/app/mover.cjs'],
      Labels: {
        'org.opencontainers.image.title': 'vm-migrate mover',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(layer => `sha256:${layer.diffId}`) },
    history: layers.map(({ words }) => ({ created: EPOCH, created_by: words })),
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map(({ blob }) =>
      descriptor('application/vnd.oci.image.layer.v1.tar+gzip', blob),
    ),
  });
  const digest = `sha256:${sha256(manifest)}`;
  const tag = `${version}-${sha256(manifest).slice(0, 12)}`;
  const files = layoutFiles({ name, tag, manifest, config, layers });
  write(out, files);
  const compressedBytes = layers.reduce((sum, { blob }) => sum + blob.length, 0);
  const facts = {
    name,
    tag,
    digest,
    imageId: `sha256:${sha256(config)}`,
    version,
    moverSha256: sha256(fs.readFileSync(mover)),
    compressedBytes,
    layers: layers.map(({ blob }) => `sha256:${sha256(blob)}`),
  };
  replace(path.join(out, 'image.json'), json(facts));
  replace(
    path.join(out, 'vm-migrate-mover.cdx.json'),
    json(sbom({ root, version, digest, mover, runtime, app })),
  );
  return facts;
}

/** A layer's tar, gzipped. Packing 120 MB takes ten seconds, so a blob of the same bytes is taken again. */
function packed(files, out) {
  const archive = tar(files);
  const diffId = sha256(archive);
  const kept = path.join(out, 'image-cache', `${diffId}.${process.versions.zlib}.gz`);
  if (fs.existsSync(kept)) return { diffId, blob: fs.readFileSync(kept) };
  const blob = gzipSync(archive, { level: 9 });
  blob[9] = 0xff; // the header's "operating system": unknown, on every machine
  fs.mkdirSync(path.dirname(kept), { recursive: true });
  replace(kept, blob);
  return { diffId, blob };
}

function descriptor(mediaType, bytes, more = {}) {
  return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length, ...more };
}

/** An OCI layout that is a docker archive as well: `docker load` reads manifest.json, everyone else index.json. */
function layoutFiles({ name, tag, manifest, config, layers }) {
  const blobPath = bytes => `blobs/sha256/${sha256(bytes)}`;
  const blobs = [config, manifest, ...layers.map(({ blob }) => blob)];
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      descriptor('application/vnd.oci.image.manifest.v1+json', manifest, {
        annotations: {
          'io.containerd.image.name': `${name}:${tag}`,
          'org.opencontainers.image.ref.name': tag,
        },
        platform: { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' },
      }),
    ],
  });
  const docker = json([
    {
      Config: blobPath(config),
      RepoTags: [`${name}:${tag}`],
      Layers: layers.map(({ blob }) => blobPath(blob)),
    },
  ]);
  return [
    { path: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', bytes: index },
    { path: 'manifest.json', bytes: docker },
    ...blobs.map(bytes => ({ path: blobPath(bytes), bytes })),
  ];
}

function write(out, files) {
  const layout = path.join(out, 'image');
  fs.rmSync(layout, { recursive: true, force: true });
  for (const { path: name, bytes } of files) {
    fs.mkdirSync(path.dirname(path.join(layout, name)), { recursive: true });
    fs.writeFileSync(path.join(layout, name), bytes);
  }
  replace(path.join(out, 'vm-migrate-mover.tar'), tar(files));
}

/** By rename, so that whoever reads it meanwhile has the old one or the new one. */
function replace(file, bytes) {
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, bytes);
  fs.renameSync(temporary, file);
}

if (process.platform !== 'linux') {
  process.stderr.write(
    'image: the mover runs on Linux, and so does this: Node and its libraries are taken from here\n',
  );
  process.exit(1);
}
const facts = makeImage(values);
process.stdout.write(
  `${facts.name}:${facts.tag}\n${facts.digest}\n${(facts.compressedBytes / 1024 / 1024).toFixed(1)} MiB compressed\n`,
);
if (facts.compressedBytes > MAX_COMPRESSED_BYTES) {
  process.stderr.write('image: larger than 60 MiB\n');
  process.exit(1);
}
