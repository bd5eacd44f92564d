/**
 * A worker that slept through its lease marks the volume in the very moment in which its successor
 * does: after the successor has looked at the mark, before it sets its own. Found by the soak.
 */
import path from 'node:path';
import { openTargetPlace } from '../../packages/engine/src/engine';
import type { Target } from '../../packages/engine/src/targets/target';
import { writeExampleVm } from '../../packages/engine/src/testing/example-vm';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';

const MIB = 1024 * 1024;

describe('a stale worker marks a volume late', () => {
  const folder = tempFolder();
  let test: TestEngine;
  let late = 0;
  beforeAll(async () => {
    test = await testEngine(folder, {
      openTarget: async (place, mover) => {
        const target = await openTargetPlace(place, mover);
        const marked = new Set<string>();
        return new Proxy(target, {
          get(real, property, receiver) {
            if (property !== 'mark') {
              const value: unknown = Reflect.get(real, property, receiver);
              return typeof value === 'function' ? value.bind(real) : value;
            }
            return (async (volume, expected, next) => {
              const key = `${volume} ${next.layerId ?? ''}`;
              if (next.phase === 'writing' && !marked.has(key)) {
                marked.add(key);
                late++;
                await real.mark(volume, expected, { ...next, fence: 0 });
              }
              await real.mark(volume, expected, next);
            }) satisfies Target['mark'];
          },
        });
      },
    });
  });
  afterAll(() => test?.close());

  it('and the step looks again and goes on', async () => {
    const vm = writeExampleVm(path.join(folder, 'vm'), { diskBytes: 64 * MIB });
    await test.startWorker();
    const { migration } = await test.engine.call('start', { vm: vm.folder });
    await test.until(migration, ['migrated']);
    expect(late).toBeGreaterThan(5);
    expect(await expectMigrated(test.engine, migration, vm, test.classFolder)).toBe(11);
  }, 360_000);
});
