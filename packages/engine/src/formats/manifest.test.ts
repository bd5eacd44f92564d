import type { LayerManifest } from './layer';
import { canonicalJson } from '../canonical-json';
import { manifestDifference, manifestDigest, sameManifest } from './manifest';

const manifest: LayerManifest = {
  descriptorSha256: 'aa',
  cid: '00000001',
  parentCid: 'ffffffff',
  files: [
    {
      name: 'a-flat.vmdk',
      sizeBytes: 10,
      mtimeNs: '1',
      inode: '5',
      counters: { uncleanShutdown: '0', freeSector: '7' },
    },
  ],
};
const file = (change: object): LayerManifest => ({
  ...manifest,
  files: [{ ...manifest.files[0], ...change } as LayerManifest['files'][number]],
});

describe('manifests', () => {
  it('are the same whatever the order of their keys, and whatever else the object carries', () => {
    const other = JSON.parse(
      '{"files":[{"counters":{"freeSector":"7","uncleanShutdown":"0"},"inode":"5","mtimeNs":"1","sizeBytes":10,"name":"a-flat.vmdk"}],"parentCid":"ffffffff","cid":"00000001","descriptorSha256":"aa","note":1}',
    ) as LayerManifest;
    expect(sameManifest(manifest, other)).toBe(true);
    expect(manifestDigest(other)).toBe(manifestDigest(manifest));
    expect(manifestDifference(manifest, other)).toBeUndefined();
  });

  it.each([
    [{ ...manifest, cid: '00000002' }, 'CID was 00000001, is 00000002'],
    [{ ...manifest, parentCid: '00000003' }, 'parentCID was ffffffff, is 00000003'],
    [{ ...manifest, descriptorSha256: 'bb' }, 'the descriptor has other text'],
    [{ ...manifest, files: [] }, 'there were 1 files, there are 0'],
    [file({ name: 'b' }), 'file a-flat.vmdk became b'],
    [file({ sizeBytes: 11 }), 'a-flat.vmdk had 10 bytes, has 11'],
    [file({ mtimeNs: '2' }), 'a-flat.vmdk was written to (mtime 1 ns, now 2 ns)'],
    [file({ inode: '6' }), 'a-flat.vmdk is another file (inode 5, now 6)'],
    [
      file({ counters: { uncleanShutdown: '1', freeSector: '7' } }),
      'uncleanShutdown in a-flat.vmdk was 0, is 1',
    ],
    [file({ counters: { uncleanShutdown: '0' } }), 'freeSector in a-flat.vmdk was 7, is absent'],
  ])('differ in every single field (%#)', (other, words) => {
    expect(sameManifest(manifest, other)).toBe(false);
    expect(manifestDigest(other)).not.toBe(manifestDigest(manifest));
    expect(manifestDifference(manifest, other)).toBe(words);
  });
});

describe('canonical JSON', () => {
  it('sorts keys at every depth, keeps the order of lists, drops undefined and keeps __proto__', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }, 'x'], a: undefined, A: null })).toBe(
      '{"A":null,"b":[{"c":2,"d":1},"x"]}',
    );
    expect(canonicalJson(JSON.parse('{"z":1,"__proto__":{"b":1,"a":2}}'))).toBe(
      '{"__proto__":{"a":2,"b":1},"z":1}',
    );
  });
});
