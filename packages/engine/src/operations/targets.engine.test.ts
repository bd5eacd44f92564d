import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import '../targets/kubernetes/cluster/client-node'; // loads now, which in jest takes longer than a list may
import { tempFolder } from '../testing/temp-folder';
import { testEngine, type TestEngine } from '../testing/test-engine';
import { writeSmallVm } from '../../../../test/kill/small-vm';

describe('getTargets', () => {
  const folder = tempFolder();
  let test: TestEngine;

  beforeAll(async () => {
    writeSmallVm(path.join(folder, 'vm'), { seed: 3, baseBytes: 64 * 1024 });
    test = await testEngine(folder, {
      targets: [
        {
          name: 'here',
          kind: 'local-directory',
          options: {
            classes: {
              fast: { path: path.join(folder, 'fast'), default: true },
              plain: { path: path.join(folder, 'plain'), snapshots: 'none' },
            },
          },
          isDefault: true,
        },
        {
          name: 'cluster',
          kind: 'kubernetes',
          options: {
            kubeconfig: path.join(folder, 'no-such-kubeconfig'),
            context: 'secret-context',
            namespace: 'vms',
            namespaces: ['vms', 'more-vms'],
          },
        },
      ],
    });
  });
  afterAll(() => test?.close());

  it('says of each class what it declares, and that nothing is proved yet', async () => {
    const targets = await test.engine.call('getTargets', {});
    expect(targets.map(({ name, isDefault }) => [name, isDefault])).toEqual([
      ['cluster', false],
      ['here', true],
    ]);
    const [fast, plain] = targets[1]?.classes ?? [];
    expect(fast).toMatchObject({
      name: 'fast',
      isDefault: true,
      snapshots: { reason: null },
      proof: { outcome: 'none', at: null, ageMs: null },
      gate: 'readyToUse',
    });
    expect(fast?.freeBytes).toBeGreaterThan(0);
    expect(plain).toMatchObject({
      name: 'plain',
      isDefault: false,
      snapshots: { how: 'none', reason: expect.stringMatching(/\w/) as string },
    });
  });

  it('one that does not answer says why, and the others answer', async () => {
    const [cluster] = await test.engine.call('getTargets', {});
    expect(cluster).toMatchObject({
      kind: 'kubernetes',
      location: 'namespace vms',
      namespaces: ['vms', 'more-vms'],
      error: { code: expect.stringMatching(/^C/) as string },
      classes: [],
    });
    const { error: _, ...shown } = cluster ?? { error: null };
    expect(JSON.stringify(shown)).not.toMatch(/kubeconfig|secret-context/);
  });

  it('shows the proof once there is one, and a later failure in its place, to those who may read its migration', async () => {
    await test.startWorker();
    const { migration } = await test.engine.call('start', { vm: path.join(folder, 'vm') });
    await test.until(migration, ['migrated']);
    expect(await proof()).toMatchObject({
      outcome: 'passed',
      snapshotsOutliveVolume: true,
      writeBytesPerSecond: expect.any(Number) as number,
      error: null,
    });
    await test.engine.database.query(
      `update vm_migrate.step set state = 'failed', finished_at = now() + interval '1 second', error = $2
        where migration_id = $1 and kind = 'proveClass'`,
      [migration, { code: 'CLASS_PROBE_FAILED', message: 'the restore held other bytes' }],
    );
    expect(await proof()).toMatchObject({
      outcome: 'failed',
      error: { code: 'CLASS_PROBE_FAILED' },
      writeBytesPerSecond: null,
    });
    const stranger = test.engine.as({ actor: 'bob', access: { read: 'none', control: 'none' } });
    const seen = await stranger.call('getTargets', {});
    expect(seen[1]?.classes[0]?.proof).toMatchObject({ outcome: 'passed', error: null });
  }, 180_000);

  it('offers the cluster that nobody configured before its first plan, and waits for no one that is silent', async () => {
    const sockets: Socket[] = [];
    const silent = createServer(socket => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const kubeconfig = path.join(folder, 'silent-kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        'current-context': 'lab',
        clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }],
        users: [{ name: 'u', user: { token: 't' } }],
        contexts: [{ name: 'lab', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    const other = await testEngine(folder, {
      database: test.database,
      targets: [
        {
          name: 'kubernetes',
          kind: 'kubernetes',
          options: { kubeconfig, context: 'lab', namespace: 'vms' },
          isDefault: true,
          isFound: true,
        },
      ],
    });
    try {
      const began = performance.now();
      const targets = await other.engine.call('getTargets', {});
      expect(performance.now() - began).toBeLessThan(25_000);
      const named = (name: string) => targets.find(target => target.name === name);
      expect(named('here')).toMatchObject({ isDefault: false, error: null });
      expect(named('kubernetes')).toMatchObject({
        isDefault: true,
        namespaces: ['vms'],
        error: { code: 'CLUSTER_UNREACHABLE' },
        classes: [],
      });
      expect(sockets.length).toBeGreaterThan(0);
    } finally {
      silent.close();
      for (const socket of sockets) socket.destroy();
      await other.close();
    }
  }, 360_000);

  async function proof() {
    return (await test.engine.call('getTargets', {}))[1]?.classes[0]?.proof;
  }
});
