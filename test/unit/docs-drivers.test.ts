// The table of storage drivers in docs/targets/kubernetes.md says what the code goes by.
import { driverFacts, FACTS } from '../../packages/engine/src/targets/kubernetes/driver-facts';
import { page } from './pages';

const GIB = 1024 ** 3;
const rows = page('docs/targets/kubernetes.md')
  .text.split('\n')
  .map(line => line.split('|').map(cell => cell.trim()))
  .filter(cells => /^`[\w.-]+`$/.test(cells[1] ?? '') && cells.length === 8)
  .map(([, driver = '', most = '', zeros = '', step = '', cost = '', turns = '']) => ({
    driver: driver.replaceAll('`', ''),
    most,
    zeros,
    step,
    cost,
    turns,
  }));

describe('the table of drivers', () => {
  it('has every driver that the code knows', () => {
    for (const [pattern] of FACTS)
      expect([String(pattern), rows.some(({ driver }) => pattern.test(driver))]).toEqual([
        String(pattern),
        true,
      ]);
  });

  it.each(rows)('of $driver', ({ driver, ...said }) => {
    const { maxSnapshots, newBlocksReadZero, sizeStepBytes, snapshotsCopy, cutsAttached } =
      driverFacts(driver);
    expect(said).toEqual({
      most: maxSnapshots === undefined ? 'not known' : String(maxSnapshots.count),
      zeros: newBlocksReadZero === true ? 'yes' : 'not known',
      step: sizeStepBytes === GIB ? '1 GiB' : '1 MiB',
      cost: snapshotsCopy === true ? 'a full copy' : 'a delta',
      turns: cutsAttached === undefined ? 'no' : 'yes',
    });
  });
});
