/**
 * Disks that nobody in this project wrote. They lie beside the repository, not in it; the digests
 * are what `qemu-img convert -O raw` makes of them (docs/validation.md).
 */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

import { folderOpener } from './folder-opener';
import { openLayerChain } from './layer-chain';

const REPOSITORY = path.resolve(__dirname, '../../../..');
const WANTED = path.resolve(REPOSITORY, '../shared/fixtures/vmdk-real');
// The opener names files by their real path.
const FOLDER = existsSync(WANTED) ? realpathSync(WANTED) : WANTED;
const describeWithFiles = existsSync(FOLDER) ? describe : describe.skip;

describeWithFiles('real files (skipped where ../shared/fixtures is absent)', () => {
  const opener = folderOpener({ folder: FOLDER, roots: [], datastores: {} });

  it.each([
    ['dfvfs-ext2-sparse.vmdk', 'a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80'],
    [
      'go-vmdk-parser-monolithic-sparse.vmdk',
      'de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31',
    ],
    [
      'go-vmdk-parser-stream-optimized.vmdk',
      'de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31',
    ],
    [
      'vmdk-forensic-minimal-sparse.vmdk',
      '30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58',
    ],
    [
      'vmdk-forensic-stream-optimized.vmdk',
      '30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58',
    ],
  ])('%s reads as qemu-img reads it', async (name, sha256) => {
    const chain = await openLayerChain(opener, name);
    try {
      const bytes = new Uint8Array(chain.sizeBytes);
      await chain.read(0, bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    } finally {
      await chain.close();
    }
  });

  it('go-vmdk-parser-invalid.vmdk is refused with the place', async () => {
    await expect(openLayerChain(opener, 'go-vmdk-parser-invalid.vmdk')).rejects.toMatchObject({
      where: { file: path.join(FOLDER, 'go-vmdk-parser-invalid.vmdk') },
    });
  });

  it('a descriptor without its 16 extents names the first of them', async () => {
    await expect(
      openLayerChain(opener, 'vmdk-forensic-ms3-win-descriptor-only.vmdk'),
    ).rejects.toMatchObject({
      code: 'FILE_MISSING',
      where: { file: expect.stringMatching(/-s001\.vmdk$/) },
    });
  });
});
