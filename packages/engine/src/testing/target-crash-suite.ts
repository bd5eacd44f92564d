/** A Target whose process dies at any of its changes, one after the other: every object is whole or not there. */
import type { VolumeMark } from '../mover/mover';
import type { Target } from '../targets/target';
import {
  expectBytes,
  settled,
  snapshotSpec,
  STORE,
  volumeSpec,
  type TargetScene,
} from './target-scene';

/** Dozens of deaths and restarts each. */
const CRASH_TEST_MS = 60_000;

export function describeCrashes({
  now,
  makeVolume,
  makeHeldVolume,
  cut,
  restoredSpec,
  restore,
}: TargetScene): void {
  describe('a crash', () => {
    /** Lets a worker die at each of its steps in turn; after each death another worker looks, and repeats the call. */
    const dieEverywhere = async (
      call: (worker: Target) => Promise<object | void>,
      afterDeath: () => Promise<void>,
      afterRepeat: () => Promise<void>,
    ): Promise<number> => {
      const { dyingAt } = now();
      if (dyingAt === undefined) return 0;
      let deaths = 0;
      for (const how of ['before', 'within'] as const) {
        for (let step = 1; ; step++) {
          const { target: worker, died } = dyingAt.call(now(), step, how);
          await settled(() => call(worker)).catch(() => undefined);
          if (!died()) break;
          deaths++;
          await afterDeath();
          await settled(() => call(now().another()));
          await afterRepeat();
        }
      }
      return deaths;
    };
    const clean = async () => expect(await now().leftovers?.()).toEqual(now().leftovers && []);

    it(
      'while a volume is made leaves it whole or not at all',
      async () => {
        const deaths = await dieEverywhere(
          worker => worker.ensureVolume(volumeSpec(now())),
          async () => {
            const there = await now().target.findVolume('web-0');
            if (there !== undefined)
              expectBytes(await now().readVolume(there), Buffer.alloc(there.sizeBytes));
          },
          async () => {
            expect((await now().target.findVolume('web-0'))?.mark.phase).toBe('empty');
            await clean();
            await settled(() => now().target.remove('volume', 'web-0', STORE));
          },
        );
        if (now().dyingAt) expect(deaths).toBeGreaterThan(10);
      },
      CRASH_TEST_MS,
    );

    it(
      'while a VolumeSnapshot is cut leaves it whole or not at all',
      async () => {
        const { volume, content } = await makeHeldVolume();
        const deaths = await dieEverywhere(
          worker => worker.ensureVolumeSnapshot(snapshotSpec()),
          async () => {
            for (const there of (await now().target.inventory()).volumeSnapshots)
              expectBytes(await now().readSnapshot(there), content);
          },
          async () => {
            const [there, ...others] = (await now().target.inventory()).volumeSnapshots;
            expect(others).toEqual([]);
            if (there === undefined) throw new Error('no VolumeSnapshot');
            expectBytes(await now().readSnapshot(there), content);
            await clean();
            await settled(() => now().target.remove('volume-snapshot', 'web-0-s1', STORE));
            expectBytes(await now().readVolume(volume), content);
          },
        );
        if (now().dyingAt) expect(deaths).toBeGreaterThan(10);
      },
      CRASH_TEST_MS,
    );

    it(
      'while a VolumeSnapshot is restored leaves the volume whole or not at all',
      async () => {
        const { content } = await makeHeldVolume();
        const snapshot = await cut();
        const sizeBytes = 2 * 1024 * 1024;
        const larger = Buffer.concat([content, Buffer.alloc(sizeBytes - content.length)]);
        await dieEverywhere(
          worker => worker.ensureVolumeFrom(restoredSpec({ sizeBytes }), 'web-0-s1'),
          async () => {
            const there = await now().target.findVolume('web-0-b1');
            if (there !== undefined) expectBytes(await now().readVolume(there), larger);
          },
          async () => {
            const there = await now().target.findVolume('web-0-b1');
            if (there === undefined) throw new Error('no volume');
            expectBytes(await now().readVolume(there), larger);
            await clean();
            await settled(() => now().target.remove('volume', 'web-0-b1', STORE));
            expectBytes(await now().readSnapshot(snapshot), content);
          },
        );
      },
      CRASH_TEST_MS,
    );

    it(
      'while a mark is swapped leaves the old one or the new one',
      async () => {
        const { mark: old } = await makeVolume();
        const next: VolumeMark = { ...old, phase: 'writing', layerId: 'base', fence: 5 };
        await dieEverywhere(
          worker => worker.mark('web-0', old, next),
          async () =>
            expect([old, next]).toContainEqual((await now().target.findVolume('web-0'))?.mark),
          async () => {
            expect((await now().target.findVolume('web-0'))?.mark).toEqual(next);
            await now().target.mark('web-0', next, old);
          },
        );
      },
      CRASH_TEST_MS,
    );

    it(
      'while an object is removed leaves it whole or not at all',
      async () => {
        const { content } = await makeHeldVolume();
        await cut();
        await restore();
        await dieEverywhere(
          worker => worker.remove('volume', 'web-0-b1', STORE),
          async () => {
            const there = await now().target.findVolume('web-0-b1');
            if (there !== undefined) expectBytes(await now().readVolume(there), content);
          },
          async () => {
            expect(await now().target.findVolume('web-0-b1')).toBeUndefined();
            await clean();
            await restore();
          },
        );
      },
      CRASH_TEST_MS,
    );
  });
}
