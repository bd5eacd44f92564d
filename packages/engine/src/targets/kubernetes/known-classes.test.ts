import type { ClusterApi } from './cluster/cluster-api';
import type { ResourceKind, StorageClassObject } from './cluster/resources';
import { KnownClasses } from './known-classes';
import { kubernetesOptionsSchema } from './options';

describe('whether volumes of a class wait for their first pod', () => {
  const named = (name: string, volumeBindingMode?: string) =>
    ({ metadata: { name }, provisioner: 'x', volumeBindingMode }) as unknown as StorageClassObject;
  const all = [
    named('rbd', 'Immediate'),
    named('local-path', 'WaitForFirstConsumer'),
    named('files', 'Immediate'),
    named('plain'),
  ];
  const api = {
    list: async ({ kind }: ResourceKind<StorageClassObject>) => ({
      items: kind === 'StorageClass' ? all : [],
    }),
    serves: async () => false,
  } as unknown as ClusterApi;
  // Disks may have one class only; block tables any.
  const classes = new KnownClasses(api, 'lab', kubernetesOptionsSchema.parse({ classes: ['rbd'] }));

  it.each([
    ['rbd', false],
    ['local-path', true],
    ['files', false],
    ['plain', false],
    ['gone', true],
  ])('%s: %s', async (name, waits) => {
    expect(await classes.bindsAtFirstUse(name)).toBe(waits);
  });
});
