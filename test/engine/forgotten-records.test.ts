/** What a migration left on the target outlives its records. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { testEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine';
import { writeSmallVm } from '../kill/small-vm';

describe('a migration whose records were forgotten', () => {
  const folder = tempFolder();
  let test: TestEngine;
  beforeAll(async () => {
    test = await testEngine(folder);
    await test.startWorker();
  });
  afterAll(() => test?.close());

  it('keeps its volumes and VolumeSnapshots, whatever is cleaned up later', async () => {
    const vm = writeSmallVm(path.join(folder, 'vm'), { seed: 5 });
    const { migration } = await test.engine.call('start', {
      vm: vm.folder,
      options: { sampleWindows: 1 },
    });
    await test.until(migration, ['migrated']);
    const standing = () =>
      ['volumes', 'snapshots'].map(kind => readdirSync(path.join(test.classFolder, kind)).sort());
    const before = standing();
    const forgotten = await test.engine.call('cleanup', { remove: true, recordsOlderThanMs: 1 });
    expect(forgotten).toMatchObject({ orphans: [], recordsRemoved: 1 });
    const after = await test.engine.call('cleanup', { remove: true });
    expect(after).toMatchObject({ orphans: [], foreign: before.flat().length });
    expect(standing()).toEqual(before);
  }, 360_000);
});
