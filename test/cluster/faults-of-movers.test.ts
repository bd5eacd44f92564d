/** Movers, their node and the API server fail under a migration, with workers as processes. */
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { writeSmallVm } from '../kill/small-vm';
import { describeWithOwnCluster } from '.';
import {
  apiServerDown,
  CUT_STREAMS,
  cutConnections,
  internalErrors,
  kubeletDown,
  LOST_ANSWERS,
  lostLogs,
  noAnswers,
  podDeleted,
  podEvicted,
  tooManyRequests,
} from './faults';
import { Lab, type LabEngine } from './lab';
import { liveThrough } from './live-through';

const MIB = 1024 * 1024;
jest.setTimeout(900_000);

describeWithOwnCluster('a migration', () => {
  const folder = tempFolder();
  let lab: Lab;
  let engine: LabEngine;
  beforeAll(async () => {
    lab = await Lab.open(folder);
    engine = await lab.engine();
    await lab.trustClass(engine);
  });
  afterAll(() => lab?.close());
  const limit = (bytesPerSecond: number | null) =>
    engine.test.engine.call('setLimit', { scope: 'all', bytesPerSecond });

  it('outlives its pods, its node and the API server', async () => {
    const vm = writeSmallVm(lab.vmFolder('pods'), { seed: 21, baseBytes: 4 * MIB });
    await limit(MIB / 16);
    engine.fleet.start(1);
    const migration = await lab.start(engine, vm, { namePrefix: 'pods' });
    await lab.copying(engine, 1);
    await liveThrough(lab, engine, podDeleted);
    await lab.copying(engine, 2);
    await liveThrough(lab, engine, podEvicted);
    await lab.copying(engine, 4);
    await liveThrough(lab, engine, apiServerDown);
    await liveThrough(lab, engine, kubeletDown);
    const logs = await lostLogs.begin(lab, engine);
    await limit(null);
    await lab.named(engine, /log of the pod to tell of all/);
    await logs();
    await lab.expectMigrated(engine, [{ migration, vm }]);
  });

  it('outlives 429, 500, silence, cut connections, cut watches and answers that are lost', async () => {
    const vm = writeSmallVm(lab.vmFolder('requests'), { seed: 22, baseBytes: 2 * MIB });
    await limit(MIB / 16);
    const ends = [lab.proxy.treat(...CUT_STREAMS), lab.proxy.treat(...LOST_ANSWERS)];
    engine.fleet.start(1);
    const migration = await lab.start(engine, vm, { namePrefix: 'requests' });
    await lab.copying(engine, 1);
    for (const fault of [tooManyRequests, internalErrors, noAnswers, cutConnections])
      await liveThrough(lab, engine, fault);
    await limit(null);
    await lab.expectMigrated(engine, [{ migration, vm }]);
    const met = ends.map(end => end());
    process.stderr.write(`  cut streams and lost answers: ${met.join(' and ')}\n`);
    expect(Math.min(...met)).toBeGreaterThan(5);
  });
});
