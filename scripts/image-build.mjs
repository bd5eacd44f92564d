// An OCI image without Docker, from files in memory: the same input gives the same bytes. Into `out` go
//
//   image.json      digest, size, name, and the program's hash: how an engine knows its image
//   image/          OCI layout
//   TITLE.tar       the same as one file, for `ctr -n k8s.io images import`, `docker load`,
//                   `skopeo copy oci-archive:`
//   TITLE.cdx.json  what is in it (CycloneDX)
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { sbom } from './image-sbom.mjs';
import { tar } from './image-tar.mjs';

const EPOCH = '1970-01-01T00:00:00Z';
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');
const json = value => Buffer.from(`${JSON.stringify(value, null, 1)}\n`);

/**
 * `title`, `version` and `name` (repository) of the image; `runtime` and `app`: files of its layers;
 * `program`: the bundle it is known by; `entrypoint`: path of what Node runs in it; `metas`: of the bundles.
 */
export function makeImage({
  root,
  out,
  title,
  version,
  name,
  runtime,
  app,
  program,
  entrypoint,
  metas,
}) {
  const layers = [
    { words: `Node ${process.version} and its libraries`, ...packed(runtime, root) },
    { words: `${title} ${version}`, ...packed(app, root) },
  ];
  const config = json({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: EPOCH,
    config: {
      User: '107:107',
      WorkingDir: '/tmp',
      Env: ['PATH=/usr/local/bin', 'HOME=/tmp', 'NODE_ENV=production'],
      Entrypoint: ['/usr/local/bin/node', entrypoint],
      Labels: {
        'org.opencontainers.image.title': title,
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
  write(out, title, files);
  const compressedBytes = layers.reduce((sum, { blob }) => sum + blob.length, 0);
  const facts = {
    name,
    tag,
    digest,
    imageId: `sha256:${sha256(config)}`,
    version,
    programSha256: sha256(fs.readFileSync(program)),
    compressedBytes,
    layers: layers.map(({ blob }) => `sha256:${sha256(blob)}`),
  };
  replace(path.join(out, 'image.json'), json(facts));
  replace(
    path.join(out, `${title}.cdx.json`),
    json(sbom({ root, title, version, digest, metas, runtime, app })),
  );
  return facts;
}

/** A layer's tar, gzipped. Packing 120 MB takes ten seconds, so a blob of the same bytes is taken again. */
function packed(files, root) {
  const archive = tar(files);
  const diffId = sha256(archive);
  const kept = path.join(root, '.tools', 'image-layers', `${diffId}.${process.versions.zlib}.gz`);
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

function write(out, title, files) {
  const layout = path.join(out, 'image');
  fs.rmSync(layout, { recursive: true, force: true });
  for (const { path: name, bytes } of files) {
    fs.mkdirSync(path.dirname(path.join(layout, name)), { recursive: true });
    fs.writeFileSync(path.join(layout, name), bytes);
  }
  replace(path.join(out, `${title}.tar`), tar(files));
}

/** By rename, so that whoever reads it meanwhile has the old one or the new one. */
function replace(file, bytes) {
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, bytes);
  fs.renameSync(temporary, file);
}
