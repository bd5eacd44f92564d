/** Which rows configured places become, and whom a migration waits for when nobody reaches them. */
import { hostname } from 'node:os';
import { whoIsMissing } from './operations/who-is-missing';
import { registerPlace } from './register-place';
import type { Database } from './store/database';
import { beat, findPlace, putPlace } from './store/places';
import { stateCounts } from './store/state-counts';
import type { PlaceRow } from './store/store';
import { testDatabase, type TestDatabase } from './testing/test-database';

const LAPTOP = 'laptop-of-somebody';

describe('places on a database that several share', () => {
  let server: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    server = await testDatabase();
    database = await server.open('register-place test');
  });
  afterEach(async () => {
    await server.drop();
  });

  const laptops: PlaceRow = {
    name: 'prod',
    kind: 'kubernetes',
    options: { kubeconfig: '/k', context: 'a', namespace: 'vms', clusterId: 'uid-1' },
    credentialRef: null,
    host: LAPTOP,
  };
  const register = (name: string, options: PlaceRow['options']) =>
    registerPlace(database, 'target', { name, kind: 'kubernetes', options });

  it('a pod that is configured with a target leaves the way of the machine that named it', async () => {
    await putPlace(database, 'target', laptops);
    await register('prod', { namespace: 'vms', clusterId: 'uid-1', classes: ['fast'] });
    expect(await findPlace(database, 'target', 'prod')).toEqual({
      ...laptops,
      options: { ...laptops.options, classes: ['fast'] },
    });
  });

  it('a machine with a kubeconfig takes its place, and what was pinned stays', async () => {
    await putPlace(database, 'target', laptops);
    await register('prod', { kubeconfig: '/own', context: 'b' });
    expect(await findPlace(database, 'target', 'prod')).toMatchObject({
      host: hostname(),
      options: { kubeconfig: '/own', context: 'b', namespace: 'vms', clusterId: 'uid-1' },
    });
  });

  it('a name stays with its cluster: another one is refused, unless it has a row', async () => {
    await putPlace(database, 'target', laptops);
    const other = { namespace: 'vms', clusterId: 'uid-2' };
    await expect(register('prod', other)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await register('other', other);
    await register('prod', other);
    expect(await findPlace(database, 'target', 'prod')).toEqual(laptops);
  });

  it('says whom a migration waits for', async () => {
    await putPlace(database, 'target', laptops);
    const source = { name: 'lab', kind: 'vm-directory', options: { folder: '/x' } };
    await putPlace(database, 'source', { ...source, credentialRef: null, host: LAPTOP });
    const migration = { sourceName: 'lab', targetName: 'prod' };
    expect(await whoIsMissing(database, migration)).toMatch(/^a worker: none answers/);
    const serving = (sources: string[], targets: string[]) =>
      beat(database, {
        id: 'w',
        poolId: null,
        surface: 'test',
        host: 'pod',
        pid: 1,
        version: '',
        serves: { sources, targets },
      });
    await serving([], ['prod']);
    expect(await whoIsMissing(database, migration)).toMatch(
      /^a worker that reaches source lab: on machine laptop-of-somebody \(/,
    );
    await serving(['lab'], []);
    expect(await whoIsMissing(database, migration)).toMatch(
      /reaches target prod: on machine laptop-of-somebody, or one configured for namespace vms of cluster uid-1/,
    );
    await serving(['lab'], ['prod']);
    expect(await whoIsMissing(database, migration)).toBeNull();
    expect(await stateCounts(database, 60_000)).toMatchObject({
      workers: 1,
      queueDepth: 0,
      steps: [],
    });
  });
});
