import { ensureCluster, NotPossibleHere } from '.';

describe('a cluster that VM_MIGRATE_TEST_KUBECONFIG names', () => {
  const before = process.env.VM_MIGRATE_TEST_KUBECONFIG;
  beforeEach(() => (process.env.VM_MIGRATE_TEST_KUBECONFIG = '/somewhere/config'));
  afterEach(() => {
    if (before === undefined) delete process.env.VM_MIGRATE_TEST_KUBECONFIG;
    else process.env.VM_MIGRATE_TEST_KUBECONFIG = before;
  });

  it('is the one that tests get', async () => {
    expect((await ensureCluster()).kubeconfigPath).toBe('/somewhere/config');
  });

  it('says by name what is not possible there', async () => {
    const cluster = await ensureCluster();
    await expect(cluster.stop('kubelet')).rejects.toThrow(NotPossibleHere);
    await expect(cluster.loadImage('image.tar')).rejects.toThrow('not possible here');
    expect(() => cluster.setFault('fast', {})).toThrow(NotPossibleHere);
  });
});
