import { createHash } from 'node:crypto';
import path from 'node:path';

import type { Cluster } from './cluster';
import { ensurePrograms } from './programs';

const MIB = 1024 ** 2;

/** SHA-256 of what `bytes write FILE SEED MIB` writes (go/csi/bytes), made without that program. */
export function expectedDigest(seed: string, mibs: number): string {
  const all = createHash('sha256');
  for (let index = 0; index < mibs; index++) {
    const sum = createHash('sha256').update(`${seed}:${index}`).digest();
    all.update(Buffer.alloc(MIB, sum));
  }
  return all.digest('hex');
}

export async function loadBytesImage(cluster: Cluster): Promise<string[]> {
  const { csi } = await ensurePrograms(() => undefined);
  return cluster.loadImage(path.join(csi, 'bytes.tar'));
}
