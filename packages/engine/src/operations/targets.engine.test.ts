import path from 'node:path';
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
  }, 60_000);

  async function proof() {
    return (await test.engine.call('getTargets', {}))[1]?.classes[0]?.proof;
  }
});
