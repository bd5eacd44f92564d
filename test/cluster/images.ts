/** Container images without a registry: packed as a docker archive, imported into containerd. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { run } from './run';

/** `.invalid` is reserved: nothing ever pulls it. */
export const PAUSE_IMAGE = 'cluster.invalid/pause:1';
/** go/csi/bytes: writes and reads volumes for the tests of the cluster itself. */
export const BYTES_IMAGE = 'cluster.invalid/bytes:1';

export interface ImageContent {
  /** Archive to write. */
  readonly tar: string;
  /** Name and tag that pods use. */
  readonly reference: string;
  /** Path in the image to a file or folder of this machine. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
}

/** One layer; the same files give the same bytes. */
export function packImage({ tar, reference, files, entrypoint }: ImageContent): void {
  const work = mkdtempSync(path.join(tmpdir(), 'vm-migrate-image-'));
  try {
    const rootFolder = path.join(work, 'root');
    mkdirSync(rootFolder);
    for (const [inImage, here] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(rootFolder, inImage)), { recursive: true });
      cpSync(here, path.join(rootFolder, inImage), { recursive: true, dereference: true });
    }
    const archive = path.join(work, 'archive');
    mkdirSync(archive);
    const layer = path.join(archive, 'layer.tar');
    pack(rootFolder, layer);
    const config = JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Entrypoint: entrypoint, Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(readFileSync(layer))}`] },
    });
    const configFile = `${sha256(Buffer.from(config))}.json`;
    writeFileSync(path.join(archive, configFile), config);
    const manifest = [{ Config: configFile, RepoTags: [reference], Layers: ['layer.tar'] }];
    writeFileSync(path.join(archive, 'manifest.json'), JSON.stringify(manifest));
    const finished = path.join(work, 'finished.tar');
    pack(archive, finished);
    copyFileSync(finished, `${tar}.new`);
    renameSync(`${tar}.new`, tar);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function pack(folder: string, tar: string): void {
  const stable = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  run('tar', ...stable, '--format=gnu', '-cf', tar, '-C', folder, '.');
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * Imports a docker or OCI archive and returns the names that pods can use: its tags, and each tag's
 * repository with the digest.
 */
export function importImage(socket: string, tar: string): string[] {
  // The kubelet sees only this namespace.
  const ctr = (...args: string[]) => run('ctr', '-a', socket, '-n', 'k8s.io', 'images', ...args);
  const imported = ctr('import', path.resolve(tar));
  const tags = [...imported.matchAll(/^unpacking (\S+) \((sha256:[0-9a-f]+)\)/gm)];
  return tags.flatMap(([, tag = '', digest = '']) => {
    const byDigest = `${tag.replace(/:[^:/]*$/, '')}@${digest}`;
    ctr('tag', '--force', tag, byDigest);
    return [tag, byDigest];
  });
}
