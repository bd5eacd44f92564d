import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { wipe } from './bring-up';
import { withInstance } from './cluster';
import { loadBytesImage } from './expected-bytes';
import { existingInstance } from './instance';
import { Kubectl, type KubeObject } from './kubectl';
import { fileOn, makeClaim, runPod } from './objects';

const SECOND = 'second';
const UP_MS = 300_000;

describeWithOwnCluster('two clusters side by side', () => {
  const wipeSecond = async () => {
    const second = existingInstance(SECOND);
    if (second !== undefined) await withInstance(SECOND, () => wipe(second));
  };
  afterAll(wipeSecond, UP_MS);

  it(
    'share nothing, and one goes while the other works',
    async () => {
      const [first, second] = await Promise.all([ensureCluster(), ensureCluster({ name: SECOND })]);
      expect(await uid(first)).not.toBe(await uid(second));
      expect(first.bridgeAddress).not.toBe(second.bridgeAddress);
      await Promise.all([useVolume(first), useVolume(second)]);

      await wipeSecond();
      await useVolume(first);
    },
    UP_MS,
  );
});

/** A cluster is known by this uid. */
async function uid(cluster: Cluster): Promise<string> {
  const { metadata } = await new Kubectl(cluster, 'default').get<KubeObject>(
    'namespace/kube-system',
  );
  return metadata.uid;
}

async function useVolume(cluster: Cluster): Promise<void> {
  await loadBytesImage(cluster);
  const kubectl = await Kubectl.inNewNamespace(cluster);
  await makeClaim(kubectl, 'disk', { mode: 'Block' });
  await runPod(kubectl, 'writes', 'Block', 'disk', ['write', fileOn('Block'), 'here', '1']);
  await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
}
