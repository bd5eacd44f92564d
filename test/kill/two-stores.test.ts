/** Two databases that know nothing of each other work in one folder. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expectMigrated } from '../../packages/engine/src/testing/expect-migrated';
import { InProcessMover } from '../../packages/engine/src/testing/in-process-mover';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import {
  moverProgram,
  testEngine,
  type TestEngine,
} from '../../packages/engine/src/testing/test-engine';
import { SMALL_VM_POINTS, writeSmallVm } from './small-vm';

describe('two stores on one target folder', () => {
  const folder = tempFolder();
  const engines: TestEngine[] = [];
  beforeAll(async () => {
    for (let nth = 0; nth < 2; nth++) {
      const test = await testEngine(folder, { mover: new InProcessMover(moverProgram()) });
      engines.push(test);
      await test.startWorker();
    }
  });
  afterAll(() => Promise.all(engines.map(engine => engine.close())));

  it('refuse each other by name, touch nothing of each other, and get along under other names', async () => {
    const [first, second] = engines as [TestEngine, TestEngine];
    expect(first.engine.storeId).not.toBe(second.engine.storeId);
    const vm = writeSmallVm(path.join(folder, 'vm'), { seed: 3 });
    const begin = async (test: TestEngine, namePrefix?: string) =>
      (
        await test.engine.call('start', {
          vm: vm.folder,
          options: { sampleWindows: 1, namePrefix },
        })
      ).migration;
    const firstMigration = await begin(first);
    await first.until(firstMigration, ['migrated']);
    const before = everything(first.classFolder);

    const refused = await begin(second);
    await second.until(refused, ['failed']);
    const description = await second.engine.call('describe', { migration: refused });
    expect(
      description.steps.filter(step => step.state === 'failed').map(step => step.error?.code),
    ).toEqual(['VOLUME_FOREIGN']);
    expect(everything(first.classFolder)).toEqual(before);
    await second.engine.call('cancel', { migration: refused, objects: 'remove-all' });
    expect(everything(first.classFolder)).toEqual(before);
    await second.engine.call('cleanup', { remove: true });
    expect(everything(first.classFolder)).toEqual(before);

    const other = await begin(second, 'other');
    await second.until(other, ['migrated']);
    expect(await expectMigrated(second.engine, other, vm, second.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
    expect(await expectMigrated(first.engine, firstMigration, vm, first.classFolder)).toBe(
      SMALL_VM_POINTS,
    );
  }, 180_000);
});

/** Name and metadata of every object. */
function everything(classFolder: string): Record<string, string> {
  const records = [
    ['volumes', 'volume.json'],
    ['snapshots', 'snapshot.json'],
  ].flatMap(([kind = '', file = '']) =>
    readdirSync(path.join(classFolder, kind)).map((name): [string, string] => [
      `${kind}/${name}`,
      readFileSync(path.join(classFolder, kind, name, file), 'utf8'),
    ]),
  );
  return Object.fromEntries(records);
}
