/** Which row a Kubernetes target is, by the cluster and namespace that it leads to. */
import { EngineError } from '../errors';
import { findPlace, places, putPlace } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Database } from '../store/database';
import type { Target } from '../targets/target';
import { testDatabase, type TestDatabase } from '../testing/test-database';
import type { OperationContext } from './operation';
import { settledTarget } from './settled-target';

/** Contexts of two clusters; the second cluster has two. */
const CLUSTER_OF: Readonly<Record<string, string>> = { a: 'uid-1', b: 'uid-2', 'b-admin': 'uid-2' };

describe('settling a Kubernetes target', () => {
  let server: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    server = await testDatabase();
    database = await server.open('settled-target test');
  });
  afterEach(async () => {
    await server.drop();
  });

  const row = (name: string, options: PlaceRow['options']): PlaceRow => ({
    name,
    kind: 'kubernetes',
    options,
    credentialRef: null,
    host: null,
  });
  const contextWith = (foundTarget?: PlaceRow): OperationContext =>
    ({
      database,
      foundTarget,
      openTarget: async ({ options }: PlaceRow) =>
        ({
          place: async () => ({
            clusterId: CLUSTER_OF[String(options['context'])] ?? '',
            namespace: options['namespace'],
          }),
        }) as unknown as Target,
    }) as unknown as OperationContext;
  const settleFound = async (context: string, namespace: string) => {
    const found = row('kubernetes', { context, namespace });
    return (await settledTarget(contextWith(found), found)).place;
  };

  it('gives each cluster and namespace a row of its own, and other contexts of it the same one', async () => {
    expect(await settleFound('a', 'vms')).toMatchObject({ name: 'kubernetes' });
    expect(await settleFound('b', 'vms')).toMatchObject({ name: 'kubernetes-2' });
    expect(await settleFound('b', 'more')).toMatchObject({ name: 'kubernetes-3' });
    expect(await settleFound('a', 'vms')).toMatchObject({ name: 'kubernetes' });
    expect(await settleFound('b-admin', 'vms')).toMatchObject({
      name: 'kubernetes-2',
      options: { context: 'b-admin', clusterId: 'uid-2' },
    });
    expect(await places(database, 'target')).toHaveLength(3);
    // What the first one leads to is as it was.
    expect((await findPlace(database, 'target', 'kubernetes'))?.options).toEqual({
      context: 'a',
      namespace: 'vms',
      clusterId: 'uid-1',
    });
  });

  it('is a configured target of the same place, with what that one says', async () => {
    const options = { context: 'b', namespace: 'vms', clusterId: 'uid-2', classes: ['fast'] };
    await putPlace(database, 'target', row('prod', options));
    expect(await settleFound('b-admin', 'vms')).toMatchObject({ name: 'prod', options });
    expect((await findPlace(database, 'target', 'prod'))?.options).toEqual(options);
  });

  it('gives two programs that settle at once two names for two clusters, and one for one', async () => {
    const settled = await Promise.all([
      settleFound('a', 'vms'),
      settleFound('b', 'vms'),
      settleFound('a', 'vms'),
      settleFound('b-admin', 'vms'),
    ]);
    const [one, two, same, too] = settled.map(({ name }) => name);
    expect([one, two].sort()).toEqual(['kubernetes', 'kubernetes-2']);
    expect([same, too]).toEqual([one, two]);
  });

  it('pins a configured target to the cluster that it was first planned for', async () => {
    const prod = row('prod', { namespace: 'vms', context: 'a' });
    await putPlace(database, 'target', prod);
    const { place } = await settledTarget(contextWith(), prod);
    expect(place.options['clusterId']).toBe('uid-1');
    expect((await findPlace(database, 'target', 'prod'))?.options['clusterId']).toBe('uid-1');
  });

  it('names the way out when a cluster that nobody asked for does not answer', async () => {
    const found = row('kubernetes', {});
    const context = {
      ...contextWith(found),
      openTarget: async () => ({
        place: async () => {
          throw new EngineError('CLUSTER_UNREACHABLE', { found: 'nothing' });
        },
      }),
    } as unknown as OperationContext;
    await expect(settledTarget(context, found)).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      hint: expect.stringMatching(/--target/),
    });
    expect(await places(database, 'target')).toEqual([]);
  });
});
