/**
 * What every Target must do, as tests. A target's own test file calls `describeTarget` with a
 * harness; everything here goes through the contract and the harness's own way to the bytes.
 */
import type { VolumeMark } from '../mover/mover';
import { probeIoOf } from '../targets/probe-io';
import { proveClass } from '../targets/prove-class';
import type { Target, VolumeSnapshotSpec } from '../targets/target';
import { describeCrashes } from './target-crash-suite';
import {
  bytesOf,
  expectBytes,
  ORIGIN,
  settled,
  snapshotSpec,
  STORE,
  targetScene,
  volumeSpec,
  type TargetHarness,
} from './target-scene';

export { bytesOf, settled, snapshotSpec, volumeSpec, type TargetHarness } from './target-scene';

export function describeTarget(name: string, makeHarness: () => Promise<TargetHarness>): void {
  describe(`${name} as a Target`, () => {
    let harness: TargetHarness;
    let target: Target;
    beforeEach(async () => {
      harness = await makeHarness();
      target = harness.target;
    });
    afterEach(() => harness.close());

    const scene = targetScene(() => harness);
    const { code, makeVolume, markAs, makeHeldVolume, cut, restoredSpec, restore } = scene;

    describe('a volume', () => {
      it('reads as zeros when it is new, has its size and the mark "empty"', async () => {
        const volume = await makeVolume();
        expect(volume).toMatchObject({
          name: 'web-0',
          sizeBytes: 1024 * 1024,
          mark: { phase: 'empty', storeId: STORE },
        });
        expectBytes(await harness.readVolume(volume), Buffer.alloc(1024 * 1024));
      });

      it('is found by name, by every worker, and only then', async () => {
        expect(await target.findVolume('web-0')).toBeUndefined();
        const volume = await makeVolume();
        expect(await target.findVolume('web-0')).toEqual(volume);
        expect(await harness.another().findVolume('web-0')).toEqual(volume);
      });

      it('is adopted with what is on it when it is asked for again, also under a later fence', async () => {
        const { content } = await makeHeldVolume();
        const spec = volumeSpec(harness);
        const again = await settled(() =>
          harness.another().ensureVolume({ ...spec, mark: { ...spec.mark, fence: 7 } }),
        );
        expect(again.mark).toMatchObject({ phase: 'holds', layerId: 'base' });
        expectBytes(await harness.readVolume(again), content);
      });

      it.each<[string, Parameters<typeof volumeSpec>[1]]>([
        ['another size', { sizeBytes: 2 * 1024 * 1024 }],
        [
          'another migration',
          {
            mark: { ...volumeSpec({ storageClass: '', sizeStepBytes: 1 }).mark, migrationId: 'm2' },
          },
        ],
        [
          'another generation',
          { mark: { ...volumeSpec({ storageClass: '', sizeStepBytes: 1 }).mark, generation: 2 } },
        ],
        ['another disk', { origin: { ...ORIGIN, diskId: 'other' } }],
      ])('is not taken for one with %s', async (_what, change) => {
        const { volume, content } = await makeHeldVolume();
        expect(await code(() => target.ensureVolume(volumeSpec(harness, change)))).toBe(
          'VOLUME_UNEXPECTED',
        );
        expectBytes(await harness.readVolume(volume), content);
      });

      it('is refused under a name that could lead elsewhere', async () => {
        for (const bad of ['../x', 'A', '', '-a', 'a/b', `a${'b'.repeat(63)}`, '.', 'a.b']) {
          expect([
            bad,
            await code(() => target.ensureVolume(volumeSpec(harness, { name: bad }))),
          ]).toEqual([bad, 'INTERNAL']);
        }
      });

      it('is refused in a class that is not there', async () => {
        expect(
          await code(() => target.ensureVolume(volumeSpec(harness, { storageClass: 'nowhere' }))),
        ).toBe('CLASS_NOT_FOUND');
      });
    });

    describe('a mark', () => {
      it('is swapped when it is the expected one, and seen by every worker', async () => {
        await makeVolume();
        const next = await markAs('web-0', {
          phase: 'writing',
          layerId: 'base',
          fence: 4,
          manifestDigest: 'x',
        });
        expect((await harness.another().findVolume('web-0'))?.mark).toEqual(next);
      });

      it('stays when another one was expected', async () => {
        const { mark } = await makeVolume();
        const other = { ...mark, fence: 9 };
        expect(
          await code(() =>
            target.mark('web-0', other, { ...other, phase: 'writing', layerId: 'x' }),
          ),
        ).toBe('VOLUME_UNEXPECTED');
        expect((await target.findVolume('web-0'))?.mark).toEqual(mark);
      });

      it('may be set again to what it is: a crash came between the swap and its record', async () => {
        const { mark } = await makeVolume();
        const next: VolumeMark = { ...mark, phase: 'writing', layerId: 'base' };
        await target.mark('web-0', mark, next);
        await target.mark('web-0', mark, next);
        expect((await target.findVolume('web-0'))?.mark).toEqual(next);
      });

      it('goes to exactly one of many who swap it at once', async () => {
        const { mark } = await makeVolume();
        const workers = Array.from({ length: 6 }, () => harness.another());
        const codes = await Promise.all(
          workers.map((worker, index) =>
            code(() =>
              worker.mark('web-0', mark, {
                ...mark,
                phase: 'writing',
                layerId: 'base',
                fence: 10 + index,
              }),
            ),
          ),
        );
        expect(codes.toSorted()).toEqual([
          ...Array<string>(5).fill('VOLUME_UNEXPECTED'),
          'no error',
        ]);
        expect((await target.findVolume('web-0'))?.mark.fence).toBe(10 + codes.indexOf('no error'));
      });

      it('of a volume that is gone is VOLUME_MISSING', async () => {
        const { mark } = await makeVolume();
        await settled(() => target.remove('volume', 'web-0', STORE));
        expect(await code(() => target.mark('web-0', mark, mark))).toBe('VOLUME_MISSING');
      });
    });

    describe('a VolumeSnapshot', () => {
      it('has the bytes of the moment, whatever is written later', async () => {
        const { volume, content } = await makeHeldVolume();
        const snapshot = await cut();
        expect(snapshot).toMatchObject({
          name: 'web-0-s1',
          ready: true,
          sizeBytes: 1024 * 1024,
          spec: snapshotSpec(),
        });
        await markAs('web-0', { phase: 'writing', layerId: 'delta' });
        await harness.write(volume, 0, bytesOf(3, volume.sizeBytes));
        expectBytes(await harness.readSnapshot(snapshot), content);
        expectBytes(await harness.readVolume(volume), bytesOf(3, volume.sizeBytes));
      });

      it('is adopted when it is asked for again, also when the volume has moved on', async () => {
        const { volume, content } = await makeHeldVolume();
        const first = await cut();
        await markAs('web-0', { phase: 'writing', layerId: 'delta' });
        await harness.write(volume, 0, bytesOf(3, 8192));
        expect(await cut()).toEqual(first);
        await settled(() => target.remove('volume', 'web-0', STORE));
        expect(await settled(() => harness.another().ensureVolumeSnapshot(snapshotSpec()))).toEqual(
          first,
        );
        expectBytes(await harness.readSnapshot(first), content);
      });

      it.each<[string, Partial<VolumeSnapshotSpec>]>([
        ['layer', { layerId: 'other' }],
        ['receipt', { receiptDigest: 'other' }],
        ['source volume', { volume: 'web-1' }],
        ['manifest', { manifestDigest: 'other' }],
        ['state digest', { stateDigest: 'other' }],
        ['migration', { migrationId: 'other' }],
      ])('is not taken for one of another %s', async (_what, change) => {
        await makeHeldVolume();
        await cut();
        expect(await code(() => cut(change))).toBe('VOLUME_UNEXPECTED');
      });

      it.each<[string, Partial<VolumeMark>]>([
        ['is still being written', { phase: 'writing' }],
        ['holds another layer', { layerId: 'delta' }],
        ['is empty', { phase: 'empty' }],
      ])('is not cut from a volume that %s', async (_what, change) => {
        await makeHeldVolume();
        await markAs('web-0', change);
        expect(await code(cut)).toBe('VOLUME_UNEXPECTED');
        expect((await target.inventory()).volumeSnapshots).toEqual([]);
      });

      it('is not cut from a volume that is not there', async () => {
        expect(await code(cut)).toBe('VOLUME_MISSING');
      });

      it('of one volume stands beside others of it, asked for at the same time', async () => {
        const { content } = await makeHeldVolume();
        const names = ['s1', 's2', 's3'];
        const cuts = await Promise.all(
          names.map(name =>
            settled(() => harness.another().ensureVolumeSnapshot(snapshotSpec({ name }))),
          ),
        );
        expect(cuts.map(one => one.name)).toEqual(names);
        for (const one of cuts) expectBytes(await harness.readSnapshot(one), content);
      });
    });

    describe('a restore', () => {
      it('has the bytes of the VolumeSnapshot and its layer in the mark', async () => {
        const { content } = await makeHeldVolume();
        await cut();
        const volume = await restore();
        expect(volume.mark).toMatchObject({
          phase: 'holds',
          layerId: 'base',
          volumeId: 'web-0-b1',
        });
        expectBytes(await harness.readVolume(volume), content);
        expect(await restore()).toEqual(volume);
      });

      it('is a copy of its own', async () => {
        const { volume, content } = await makeHeldVolume();
        const snapshot = await cut();
        const branch = await restore();
        await markAs('web-0-b1', { phase: 'writing', layerId: 'delta' });
        await harness.write(branch, 0, bytesOf(4, branch.sizeBytes));
        expectBytes(await harness.readSnapshot(snapshot), content);
        expectBytes(await harness.readVolume(volume), content);
        expectBytes(await harness.readVolume(branch), bytesOf(4, branch.sizeBytes));
      });

      it('may be larger: what follows reads as zeros', async () => {
        const { content } = await makeHeldVolume();
        await cut();
        const volume = await restore({ sizeBytes: 2 * 1024 * 1024 });
        expectBytes(
          await harness.readVolume(volume),
          Buffer.concat([content, Buffer.alloc(1024 * 1024)]),
        );
      });

      it('is refused when it is smaller, when its mark names another layer, or without a VolumeSnapshot', async () => {
        expect(await code(restore)).toBe('VOLUME_MISSING');
        await makeHeldVolume();
        await cut();
        expect(await code(() => restore({ sizeBytes: 512 * 1024 }))).toBe('VOLUME_UNEXPECTED');
        const spec = restoredSpec();
        const wrong = { ...spec, mark: { ...spec.mark, layerId: 'other' } };
        expect(await code(() => target.ensureVolumeFrom(wrong, 'web-0-s1'))).toBe(
          'VOLUME_UNEXPECTED',
        );
        expect(await target.findVolume('web-0-b1')).toBeUndefined();
      });

      it('is not taken for a volume that began empty', async () => {
        await makeHeldVolume();
        await cut();
        await restore();
        expect(
          await code(() => target.ensureVolume(volumeSpec(harness, { name: 'web-0-b1' }))),
        ).toBe('VOLUME_UNEXPECTED');
      });
    });

    describe('removal', () => {
      it('of a volume leaves its VolumeSnapshots, which are restored as before', async () => {
        const { content } = await makeHeldVolume();
        const snapshot = await cut();
        await settled(() => target.remove('volume', 'web-0', STORE));
        expect(await target.findVolume('web-0')).toBeUndefined();
        expectBytes(await harness.readSnapshot(snapshot), content);
        expectBytes(await harness.readVolume(await restore()), content);
      });

      it('of a VolumeSnapshot leaves the volume and its restores', async () => {
        const { volume, content } = await makeHeldVolume();
        await cut();
        const branch = await restore();
        await settled(() => target.remove('volume-snapshot', 'web-0-s1', STORE));
        expect((await target.inventory()).volumeSnapshots).toEqual([]);
        expectBytes(await harness.readVolume(volume), content);
        expectBytes(await harness.readVolume(branch), content);
      });

      it('of what is gone already is fine', async () => {
        await settled(() => target.remove('volume', 'web-0', STORE));
        await settled(() => target.remove('volume-snapshot', 'web-0-s1', STORE));
      });

      it('makes room for a new object of that name', async () => {
        await makeHeldVolume();
        await settled(() => target.remove('volume', 'web-0', STORE));
        const volume = await makeVolume();
        expect(volume.mark.phase).toBe('empty');
        expectBytes(await harness.readVolume(volume), Buffer.alloc(volume.sizeBytes));
      });
    });

    describe('an object of another migration', () => {
      it('is left where only those of some are to go', async () => {
        const { volume } = await makeHeldVolume();
        const snapshot = await cut();
        const others = new Set(['m-other']);
        await settled(() => target.remove('volume-snapshot', 'web-0-s1', STORE, others));
        await settled(() => target.remove('volume', 'web-0', STORE, others));
        expect((await target.findVolume('web-0'))?.mark).toMatchObject({ phase: 'holds' });
        expect((await target.inventory()).volumeSnapshots).toMatchObject([{ name: snapshot.name }]);
        const own = new Set([volume.mark.migrationId, 'm-other']);
        await settled(() => target.remove('volume-snapshot', 'web-0-s1', STORE, own));
        await settled(() => target.remove('volume', 'web-0', STORE, own));
        expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
      });
    });

    describe('an object of another store', () => {
      it('is refused by name and left as it is', async () => {
        const { volume, content } = await makeHeldVolume();
        const snapshot = await cut();
        const other = harness.another();
        const foreign = volumeSpec(harness, { storeId: 'store-two' });
        const foreignBranch = {
          ...foreign,
          name: 'branch',
          mark: { ...foreign.mark, phase: 'holds' as const, layerId: 'base' },
        };
        const calls: Record<string, () => Promise<unknown>> = {
          ensureVolume: () => other.ensureVolume(foreign),
          mark: () =>
            other.mark('web-0', foreign.mark, { ...foreign.mark, phase: 'writing', layerId: 'x' }),
          cut: () =>
            other.ensureVolumeSnapshot(snapshotSpec({ name: 'new', storeId: 'store-two' })),
          adopt: () => other.ensureVolumeSnapshot(snapshotSpec({ storeId: 'store-two' })),
          restore: () => other.ensureVolumeFrom(foreignBranch, 'web-0-s1'),
          remove: () => other.remove('volume', 'web-0', 'store-two'),
          removeSnapshot: () => other.remove('volume-snapshot', 'web-0-s1', 'store-two'),
        };
        for (const [what, call] of Object.entries(calls))
          expect([what, await code(call)]).toEqual([what, 'VOLUME_FOREIGN']);
        expect(await target.findVolume('web-0')).toEqual({
          ...volume,
          mark: expect.objectContaining({ phase: 'holds', storeId: STORE }),
        });
        expectBytes(await harness.readVolume(volume), content);
        expectBytes(await harness.readSnapshot(snapshot), content);
        expect((await target.inventory()).volumes).toHaveLength(1);
      });
    });

    it('lists all volumes and VolumeSnapshots, of every store', async () => {
      await makeHeldVolume();
      const snapshot = await cut();
      await settled(() =>
        harness.another().ensureVolume(volumeSpec(harness, { name: 'db-0', storeId: 'store-two' })),
      );
      const { volumes, volumeSnapshots } = await harness.another().inventory();
      expect(
        volumes.map(one => `${one.name} ${one.mark.storeId} ${one.mark.phase}`).toSorted(),
      ).toEqual(['db-0 store-two empty', `web-0 ${STORE} holds`]);
      expect(volumeSnapshots).toEqual([snapshot]);
    });

    it('makes one object for many who ask for it at once', async () => {
      const { content } = await makeHeldVolume();
      const workers = Array.from({ length: 4 }, () => harness.another());
      const cuts = await Promise.all(
        workers.map(worker => settled(() => worker.ensureVolumeSnapshot(snapshotSpec()))),
      );
      expect(new Set(cuts.map(one => JSON.stringify(one))).size).toBe(1);
      const branches = await Promise.all(
        workers.map(worker => settled(() => worker.ensureVolumeFrom(restoredSpec(), 'web-0-s1'))),
      );
      expect(new Set(branches.map(one => JSON.stringify(one))).size).toBe(1);
      for (const branch of branches) expectBytes(await harness.readVolume(branch), content);
      await Promise.all(
        workers.map(worker => settled(() => worker.remove('volume', 'web-0-b1', STORE))),
      );
      expect(await harness.leftovers?.()).toEqual(harness.leftovers && []);
    });

    it('neither marks, cuts nor removes a volume while a mover writes to it', async () => {
      const { volume, content } = await makeHeldVolume();
      if (harness.holdWriter === undefined) return;
      const endWriting = await harness.holdWriter(volume);
      const { mark } = volume;
      expect(await code(() => markAs('web-0', { phase: 'writing' }))).toBe('VOLUME_BUSY');
      expect(await code(cut)).toBe('VOLUME_BUSY');
      expect(await code(() => target.remove('volume', 'web-0', STORE))).toBe('VOLUME_BUSY');
      expect((await target.inventory()).volumeSnapshots).toEqual([]);
      await endWriting();
      expect((await target.findVolume('web-0'))?.mark).toEqual({
        ...mark,
        phase: 'holds',
        layerId: 'base',
      });
      expectBytes(await harness.readSnapshot(await cut()), content);
    });

    it('proves its class by the probe and leaves nothing of it', async () => {
      expect(probeIoOf(target)).toBeDefined();
      const proof = await proveClass(target, {
        storageClass: harness.storageClass,
        storeId: STORE,
        runId: 'r1',
        patternBytes: 2 * 1024 * 1024,
      });
      expect(proof).toMatchObject({
        storageClass: harness.storageClass,
        snapshotsOutliveVolume: true,
      });
      expect(proof.writeBytesPerSecond).toBeGreaterThan(0);
      expect(await target.inventory()).toEqual({ volumes: [], volumeSnapshots: [] });
      expect(await harness.leftovers?.()).toEqual(harness.leftovers && []);
    });

    describeCrashes(scene);
  });
}
