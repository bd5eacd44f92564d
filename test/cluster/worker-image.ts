import { execFileSync } from 'node:child_process';
import path from 'node:path';

import type { Cluster } from './cluster';

const root = path.resolve(__dirname, '../..');

/** Builds the images of worker and mover and loads them; the references that pods run, by digest. */
export async function loadWorkerImages(
  cluster: Cluster,
): Promise<{ readonly worker: string; readonly mover: string }> {
  execFileSync(process.execPath, [path.join(root, 'scripts/image.mjs')], { stdio: 'pipe' });
  const load = async (tar: string): Promise<string> => {
    const names = await cluster.loadImage(path.join(root, tar));
    const image = names.find(name => name.includes('@'));
    if (image === undefined) throw new Error(`no digest among ${names.join(', ')}`);
    return image;
  };
  return {
    mover: await load('packages/mover/dist/vm-migrate-mover.tar'),
    worker: await load('kubectl-plugin/dist/worker/vm-migrate-worker.tar'),
  };
}
