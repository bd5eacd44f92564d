import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { tempFolder } from '../testing/temp-folder';
import { folderOpener, type FolderAddress } from './folder-opener';

const site = tempFolder();
for (const [name, content] of Object.entries({
  'vm/a.vmdk': 'a',
  'vm/sub/b.vmdk': 'b',
  'vm/Größe.VMDK': 'g',
  'shared/base.vmdk': 'base',
  'private/c.vmdk': 'c',
})) {
  mkdirSync(path.dirname(path.join(site, name)), { recursive: true });
  writeFileSync(path.join(site, name), content);
}
symlinkSync(path.join(site, 'private'), path.join(site, 'vm/way-out'));
symlinkSync(path.join(site, 'shared'), path.join(site, 'vm/way-to-a-root'));
symlinkSync(path.join(site, 'vm'), path.join(site, 'alias'));

const address: FolderAddress = {
  folder: path.join(site, 'vm'),
  roots: [path.join(site, 'shared')],
  datastores: {
    '[store]': site,
    '/vmfs/volumes/1234': path.join(site, 'shared'),
    '/vmfs/volumes/1234/deep': path.join(site, 'vm/sub'),
  },
};

async function contentOf(
  name: string,
  from?: string,
  at: FolderAddress = address,
): Promise<string> {
  const file = await folderOpener(at).open(name, from);
  try {
    const bytes = Buffer.alloc(file.sizeBytes);
    await file.read(0, bytes);
    return bytes.toString();
  } finally {
    await file.close();
  }
}

describe('a folder opener', () => {
  it.each([
    ['a name in the VM’s folder', 'a.vmdk', undefined, 'a'],
    ['a name below it', 'sub/b.vmdk', undefined, 'b'],
    ['a name relative to the file that has it', '../a.vmdk', path.join(site, 'vm/sub/b.vmdk'), 'a'],
    ['an absolute name inside', path.join(site, 'vm/a.vmdk'), undefined, 'a'],
    ['a file in a root', '../shared/base.vmdk', undefined, 'base'],
    ['a linked folder that ends in a root', 'way-to-a-root/base.vmdk', undefined, 'base'],
    ['a datastore by name', '[store] shared/base.vmdk', undefined, 'base'],
    ['a datastore by path', '/vmfs/volumes/1234/base.vmdk', undefined, 'base'],
    ['the longest prefix that fits', '/vmfs/volumes/1234/deep/b.vmdk', undefined, 'b'],
    [
      'another case and composition of letters',
      'gro\u0308ße.vmdk'.normalize('NFD'),
      undefined,
      'g',
    ],
  ])('opens %s', async (_what, name, from, content) => {
    expect(await contentOf(name, from)).toBe(content);
  });

  it.each([
    ['a way out', '../private/c.vmdk'],
    ['a way out that does not exist', '../nothing/c.vmdk'],
    ['an absolute name outside', path.join(site, 'private/c.vmdk')],
    ['a neighbour whose name starts like a root', `${path.join(site, 'shared')}2/base.vmdk`],
    ['a linked folder that leads out', 'way-out/c.vmdk'],
    ['a datastore that is not configured', '[other] x.vmdk'],
    ['a datastore prefix that ends inside a name', '/vmfs/volumes/12345/base.vmdk'],
    ['a way out of a datastore', '/vmfs/volumes/1234/../../../../etc/passwd'],
    ['a drive that is not configured', 'C:\\VMs\\x.vmdk'],
    ['a share that is not configured', '\\\\filer\\x.vmdk'],
    ['a NUL', 'a.vmdk\0.txt'],
    ['nothing', ''],
  ])('refuses %s', async (_what, name) => {
    const only =
      name.startsWith('..') || name.startsWith(site) || name.includes('way-out')
        ? { ...address, datastores: {} }
        : address;
    await expect(contentOf(name, undefined, only)).rejects.toMatchObject({
      code: 'FILE_OUTSIDE_ROOT',
    });
  });

  it('says that a file inside is missing', async () => {
    await expect(contentOf('gone.vmdk')).rejects.toMatchObject({
      code: 'FILE_MISSING',
      where: { file: path.join(site, 'vm/gone.vmdk') },
    });
    await expect(contentOf('gone/x.vmdk')).rejects.toMatchObject({ code: 'FILE_MISSING' });
  });

  it('takes a VM folder that is itself reached through a link', async () => {
    expect(
      await contentOf('a.vmdk', undefined, {
        folder: path.join(site, 'alias'),
        roots: [],
        datastores: {},
      }),
    ).toBe('a');
  });

  it('does not guess between two spellings', async () => {
    const folder = path.join(site, 'twice');
    mkdirSync(folder);
    for (const name of ['disk.vmdk', 'DISK.vmdk']) writeFileSync(path.join(folder, name), name);
    const at = { folder, roots: [], datastores: {} };
    expect(await contentOf('disk.vmdk', undefined, at)).toBe('disk.vmdk');
    await expect(contentOf('Disk.vmdk', undefined, at)).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
    renameSync(path.join(folder, 'DISK.vmdk'), path.join(folder, 'other'));
    expect(await contentOf('Disk.vmdk', undefined, at)).toBe('disk.vmdk');
  });
});
