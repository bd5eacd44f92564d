import { configuredDatastore, datastoreName } from './datastores';

describe('the datastore of a file', () => {
  const datastores = {
    '/vmfs/volumes/5f3a-1': '/mnt/a',
    '[ds 2] vms': '/mnt/a/inner',
    'https-one': 'https://host/store',
  };

  it.each([
    ['/mnt/a/vm/x.vmdk', '5f3a-1'],
    ['/mnt/a/inner/vm/x.vmdk', 'ds 2'],
    ['/mnt/ab/x.vmdk', undefined],
    ['https://host/store/vm/x.vmdk', 'https-one'],
    ['https://other/store/vm/x.vmdk', undefined],
  ])('%s is %s', (file, expected) => {
    expect(configuredDatastore(file, datastores)).toBe(expected);
  });

  it('is called as VMware calls it', () => {
    expect(datastoreName('/vmfs/volumes/ds1/vm')).toBe('ds1');
    expect(datastoreName('[ds 1]')).toBe('ds 1');
    expect(datastoreName('C:\\VMs')).toBe('C:\\VMs');
  });
});
