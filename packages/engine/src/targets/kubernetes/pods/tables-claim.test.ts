import { GIB, MIB } from '../../../bytes';
import { tablesClaim } from './tables-claim';

const volume = {
  metadata: { name: 'web-0', uid: 'u-1', labels: { 'vm-migrate.io/store': 's' } },
  spec: {
    accessModes: ['ReadWriteMany' as const],
    storageClassName: 'block',
    volumeMode: 'Block' as const,
    resources: { requests: { storage: '1' } },
  },
};

describe('the volume of block tables', () => {
  it.each([
    [MIB, '64Mi'],
    [64 * GIB, '64Mi'],
    [64 * GIB + 1, '65Mi'],
    [2048 * GIB, '2048Mi'],
  ])('of a volume of %d bytes has %s', (sizeBytes, storage) => {
    expect(tablesClaim(volume, sizeBytes, undefined).spec.resources.requests.storage).toBe(storage);
  });

  it('has files, for one writer, and goes with its volume', () => {
    expect(tablesClaim(volume, MIB, 'small-files')).toMatchObject({
      metadata: {
        name: 'web-0-tables',
        labels: { 'vm-migrate.io/store': 's', 'app.kubernetes.io/managed-by': 'vm-migrate' },
        ownerReferences: [{ kind: 'PersistentVolumeClaim', name: 'web-0', uid: 'u-1' }],
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        volumeMode: 'Filesystem',
        storageClassName: 'small-files',
      },
    });
    expect(tablesClaim(volume, MIB, undefined).spec.storageClassName).toBe('block');
  });
});
