import { describeWithOwnCluster, ensureCluster, type Cluster } from '.';
import { expectedDigest, loadBytesImage } from './expected-bytes';
import { Kubectl } from './kubectl';
import {
  fileOn,
  isBound,
  isReady,
  makeClaim,
  makeSnapshot,
  runPod,
  startPod,
  type Snapshot,
  type VolumeMode,
} from './objects';
import { until } from './until';

const MIBS = 24;

describeWithOwnCluster('storage of the cluster', () => {
  let cluster: Cluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    cluster = await ensureCluster();
    cluster.clearFaults();
    await loadBytesImage(cluster);
    kubectl = await Kubectl.inNewNamespace(cluster);
  }, 180_000);

  afterAll(async () => {
    cluster.clearFaults();
    await kubectl.run(['delete', 'namespace', kubectl.namespace, '--wait=false']);
  });

  it.each<VolumeMode>(['Block', 'Filesystem'])(
    'restores a snapshot of a %s volume as it was cut, larger too',
    async mode => {
      const file = fileOn(mode);
      const claim = mode.toLowerCase();
      const write = (pod: string, seed: string) =>
        runPod(kubectl, pod, mode, claim, ['write', file, seed, String(MIBS)]);
      const digest = (pod: string, of: string) =>
        runPod(kubectl, pod, mode, of, ['digest', file, String(MIBS)]);

      await makeClaim(kubectl, claim, { mode });
      await write(`${claim}-one`, 'one');
      await makeSnapshot(kubectl, claim, claim);
      await kubectl.until(`volumesnapshot/${claim}`, isReady);
      await write(`${claim}-two`, 'two');
      const restored = `${claim}-restored`;
      await makeClaim(kubectl, restored, { mode, fromSnapshot: claim, size: '256Mi' });

      expect(await digest(`${claim}-reads`, claim)).toBe(expectedDigest('two', MIBS));
      expect(await digest(`${restored}-reads`, restored)).toBe(expectedDigest('one', MIBS));
    },
    120_000,
  );

  it('shows what a writer has not flushed: it is missing from the snapshot', async () => {
    const file = fileOn('Block');
    await makeClaim(kubectl, 'dirty', { mode: 'Block' });
    await startPod(kubectl, 'writes-dirty', 'Block', 'dirty', ['dirty', file, 'dirty', '8']);
    await until('the writer to be done', 60_000, async () =>
      (await kubectl.run(['logs', 'writes-dirty'])).includes('holding'),
    );
    await makeSnapshot(kubectl, 'dirty', 'dirty');
    await kubectl.until('volumesnapshot/dirty', isReady);
    await makeClaim(kubectl, 'clean', { mode: 'Block', fromSnapshot: 'dirty' });

    const digest = (pod: string, claim: string) =>
      runPod(kubectl, pod, 'Block', claim, ['digest', file, '8']);
    expect(await digest('reads-clean', 'clean')).not.toBe(expectedDigest('dirty', 8));
    expect(await digest('reads-dirty', 'dirty')).toBe(expectedDigest('dirty', 8));
    await kubectl.run(['delete', 'pod', 'writes-dirty', '--wait=false']);
  });

  it('binds a volume of a waiting class when its first pod comes', async () => {
    await makeClaim(kubectl, 'waits', { mode: 'Block', storageClass: 'fast-wffc' });
    await startPod(kubectl, 'first', 'Block', 'waits', ['hold']);
    await kubectl.until('pvc/waits', isBound);
    await kubectl.run(['delete', 'pod', 'first']);
  });

  it('fails a snapshot with the message of a fault, and heals with it', async () => {
    await makeClaim(kubectl, 'faulty', { mode: 'Block' });
    await kubectl.until('pvc/faulty', isBound);
    cluster.setFault('fast', { errors: { CreateSnapshot: 'the pool is full' } });
    await makeSnapshot(kubectl, 'faulty', 'faulty');
    const failed = await kubectl.until<Snapshot>(
      'volumesnapshot/faulty',
      ({ status }) => status?.error?.message !== undefined,
    );
    expect(failed.status?.error?.message).toContain('the pool is full');
    cluster.clearFaults();
    await kubectl.until('volumesnapshot/faulty', isReady);
  });

  it('loses the snapshots of a mortal volume with it, without a word', async () => {
    await makeClaim(kubectl, 'mortal', { mode: 'Block', storageClass: 'mortal' });
    await makeSnapshot(kubectl, 'mortal', 'mortal', 'mortal');
    await kubectl.until('volumesnapshot/mortal', isReady);
    const volume = await kubectl.get<{ spec: { volumeName: string } }>('pvc/mortal');
    await kubectl.run(['delete', 'pvc', 'mortal']);
    await kubectl.run(['wait', '--for=delete', `pv/${volume.spec.volumeName}`, '--timeout=30s']);

    expect(isReady(await kubectl.get<Snapshot>('volumesnapshot/mortal'))).toBe(true);
    await makeClaim(kubectl, 'reborn', {
      mode: 'Block',
      storageClass: 'mortal',
      fromSnapshot: 'mortal',
    });
    interface Events {
      items: { reason: string; message: string }[];
    }
    const events = await kubectl.until<Events>('events', ({ items }) =>
      items.some(
        ({ reason, message }) => reason === 'ProvisioningFailed' && /snapshot/.test(message),
      ),
    );
    expect(events.items.map(({ message }) => message).join('\n')).toMatch(/NotFound/);
  });

  it('never finishes a snapshot of a volume whose driver takes none', async () => {
    await makeClaim(kubectl, 'nosnap', { mode: 'Block', storageClass: 'nosnap' });
    await kubectl.until('pvc/nosnap', isBound);
    // The class of another driver: the snapshot controller does not compare them.
    await makeSnapshot(kubectl, 'nosnap', 'nosnap', 'fast');
    const failed = await kubectl.until<Snapshot>(
      'volumesnapshot/nosnap',
      ({ status }) => status?.error?.message !== undefined,
    );
    expect(failed.status?.error?.message).toContain('NotFound');
    expect(isReady(failed)).toBe(false);
  });
});
