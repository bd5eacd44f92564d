import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import type { Cluster } from './cluster';
import { withFileLock } from './file-lock';

const root = path.resolve(__dirname, '../..');
const dist = path.join(root, 'packages/mover/dist');

/** Builds the mover's image, unless it is of the built mover, and loads it; the reference that pods run, by digest. */
export async function loadMoverImage(cluster: Cluster): Promise<string> {
  const tar = path.join(dist, 'vm-migrate-mover.tar');
  // Workers of jest ask at the same time.
  await withFileLock(path.join(dist, '.image.lock'), async () => {
    if (!existsSync(tar) || !isOfBuiltMover())
      execFileSync(process.execPath, [path.join(root, 'scripts/image.mjs'), 'mover'], {
        stdio: 'pipe',
      });
  });
  const names = await cluster.loadImage(tar);
  const image = names.find(name => name.includes('@'));
  if (image === undefined) throw new Error(`no digest among ${names.join(', ')}`);
  return image;
}

/** What else goes into it, or says how it is made. */
const inputs = ['yarn.lock', 'scripts/tool-versions.mjs', 'scripts/image.mjs'].concat(
  ['files', 'tar'].map(part => `scripts/image-${part}.mjs`),
);

function isOfBuiltMover(): boolean {
  const facts = path.join(dist, 'image.json');
  if (!existsSync(facts)) return false;
  const madeAt = statSync(facts).mtimeMs;
  if (inputs.some(file => statSync(path.join(root, file)).mtimeMs > madeAt)) return false;
  const { moverSha256 } = JSON.parse(readFileSync(facts, 'utf8')) as { moverSha256: string };
  const mover = readFileSync(path.join(dist, 'mover.cjs'));
  return moverSha256 === createHash('sha256').update(mover).digest('hex');
}
