import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { MIB } from '../bytes';
import { EngineError } from '../errors';
import { openLocalDirectory, writeBytes } from '../testing/local-directory-harness';
import { settled } from '../testing/target-suite';
import type { LocalDirectoryTarget } from './local-directory/local-directory-target';
import { advanceProbe, proveClass, type ProbeProgress, type ProbeRequest } from './prove-class';
import type { StorageClass, Target } from './target';

const REQUEST: ProbeRequest = { storageClass: 'fast', storeId: 's', runId: 'r', patternBytes: MIB };

describe('the probe of a storage class', () => {
  let folder: string;
  let target: LocalDirectoryTarget;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vmm-probe-'));
    target = openLocalDirectory(path.join(folder, 'fast'), 'copy');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The same target with some calls done differently. */
  const lying = (lies: Partial<Target>): Target =>
    new Proxy(target, {
      get(real, name) {
        if (name in lies) return lies[name as keyof Target];
        const found: unknown = Reflect.get(real, name, real);
        return typeof found === 'function' ? (found.bind(real) as unknown) : found;
      },
    });

  const failure = (probed: Target): Promise<EngineError> =>
    proveClass(probed, REQUEST).then(
      () => Promise.reject(new Error('it was proved')),
      (error: EngineError) => error,
    );

  it('goes on in another worker after every phase, and repeats any phase, from its plain state', async () => {
    const phases: string[] = [];
    let progress: ProbeProgress = await advanceProbe(target, REQUEST);
    while (progress.probe === 'running') {
      const state = JSON.parse(JSON.stringify(progress.state)) as typeof progress.state;
      phases.push(state.phase);
      const worker = openLocalDirectory(path.join(folder, 'fast'), 'copy');
      await advanceProbe(worker, REQUEST, state); // done, but its record was lost
      progress = await advanceProbe(worker, REQUEST, state);
    }
    expect(phases).toEqual([
      'create',
      'write',
      'cut',
      'overwrite',
      'restore',
      'compare',
      'overwrite-restored',
      'remove-volume',
      'restore-again',
      'remove-all',
    ]);
    expect(progress.proof.snapshotsOutliveVolume).toBe(true);
    expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
  });

  it('refuses a class without snapshots, naming those that would do', async () => {
    const { classes } = await target.capabilities();
    const none = {
      ...(classes[0] as StorageClass),
      name: 'slow',
      snapshots: { how: 'none' as const, reason: 'no driver' },
    };
    const capabilities = async () => ({ classes: [...classes, none] });
    await expect(
      proveClass(lying({ capabilities }), { ...REQUEST, storageClass: 'slow' }),
    ).rejects.toMatchObject({
      code: 'CLASS_WITHOUT_SNAPSHOTS',
      found: 'no driver',
      hint: 'These classes do: fast.',
    });
    await expect(proveClass(target, { ...REQUEST, storageClass: 'x' })).rejects.toMatchObject({
      code: 'CLASS_NOT_FOUND',
    });
  });

  it('fails, by name of the phase, where a restore has other bytes', async () => {
    const ensureVolumeFrom: Target['ensureVolumeFrom'] = async (spec, from) => {
      const volume = await settled(() => target.ensureVolumeFrom(spec, from));
      await writeBytes(volume.address.path, MIB - 1, Buffer.from([0xaa]));
      return volume;
    };
    const error = await failure(lying({ ensureVolumeFrom }));
    expect(error).toMatchObject({
      code: 'CLASS_PROBE_FAILED',
      expected: expect.stringContaining('phase compare'),
    });
    expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
  });

  it('fails where the VolumeSnapshot follows the volume', async () => {
    const ensureVolumeFrom: Target['ensureVolumeFrom'] = async (spec, from) => {
      const volume = await settled(() => target.ensureVolumeFrom(spec, from));
      const { volumes } = await target.inventory();
      const source = volumes.find(one => one.mark.layerId === 'second');
      if (source !== undefined) await copyFile(source.address.path, volume.address.path);
      return volume;
    };
    expect(await failure(lying({ ensureVolumeFrom }))).toMatchObject({
      code: 'CLASS_PROBE_FAILED',
    });
  });

  it('fails in the phase that throws, and when a phase never ends', async () => {
    const ensureVolumeSnapshot = () =>
      Promise.reject(new EngineError('VOLUME_IO', { found: 'driver says no' }));
    expect(await failure(lying({ ensureVolumeSnapshot }))).toMatchObject({
      code: 'CLASS_PROBE_FAILED',
      expected: expect.stringContaining('phase cut'),
      found: expect.stringContaining('driver says no'),
    });
    const never = lying({
      ensureVolumeSnapshot: async () => ({ pending: true, retryMs: 1, reason: 'the driver' }),
    });
    await expect(proveClass(never, { ...REQUEST, phaseLimitMs: 20 })).rejects.toMatchObject({
      code: 'CLASS_PROBE_FAILED',
      found: expect.stringContaining('still waiting for the driver'),
    });
    expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
  });

  it('says that snapshots die with their volume where they do, and is content otherwise', async () => {
    const remove: Target['remove'] = async (kind, name, storeId) => {
      await settled(() => target.remove(kind, name, storeId));
      const { volumeSnapshots } = await target.inventory();
      for (const one of volumeSnapshots)
        if (one.spec.volume === name)
          await settled(() => target.remove('volume-snapshot', one.name, storeId));
    };
    expect(await proveClass(lying({ remove }), REQUEST)).toMatchObject({
      snapshotsOutliveVolume: false,
    });
  });

  it('knows that they die when the restore without the volume does not come, and waits for nobody then', async () => {
    const pending = { pending: true, retryMs: 1, reason: 'the provisioner' } as const;
    let isHeld = false;
    const remove: Target['remove'] = async (kind, name, storeId) => {
      const removed = await target.remove(kind, name, storeId);
      return kind === 'volume-snapshot' && isHeld ? pending : removed;
    };
    const ensureVolumeFrom: Target['ensureVolumeFrom'] = async (spec, from) => {
      if (!spec.name.endsWith('-r2')) return target.ensureVolumeFrom(spec, from);
      isHeld = true;
      return pending;
    };
    const cluster = lying({ ensureVolumeFrom, remove });
    let progress = await advanceProbe(cluster, { ...REQUEST, runId: 'late' });
    while (progress.probe === 'running') {
      // Of the restore that has no end a minute has passed.
      const late = progress.state.phase === 'restore-again' ? 61_000 : 0;
      const state = {
        ...progress.state,
        phaseStartedAt: progress.state.phaseStartedAt - late,
      };
      progress = await advanceProbe(cluster, { ...REQUEST, runId: 'late' }, state);
    }
    expect(progress.proof.snapshotsOutliveVolume).toBe(false);
  });

  it('says nothing about the class when the disk is full', async () => {
    const ensureVolumeSnapshot = () => Promise.reject(new EngineError('VOLUME_FULL', {}));
    expect(await failure(lying({ ensureVolumeSnapshot }))).toMatchObject({ code: 'VOLUME_FULL' });
  });
});
