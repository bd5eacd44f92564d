import { execFileSync } from 'node:child_process';
import path from 'node:path';

import type { Cluster } from './cluster';

const root = path.resolve(__dirname, '../..');

/** Builds the mover's image and loads it; the reference that pods run, by digest. */
export async function loadMoverImage(cluster: Cluster): Promise<string> {
  execFileSync(process.execPath, [path.join(root, 'scripts/image.mjs'), 'mover'], {
    stdio: 'pipe',
  });
  const names = await cluster.loadImage(
    path.join(root, 'packages/mover/dist/vm-migrate-mover.tar'),
  );
  const image = names.find(name => name.includes('@'));
  if (image === undefined) throw new Error(`no digest among ${names.join(', ')}`);
  return image;
}
