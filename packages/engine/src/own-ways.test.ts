/** Which way a process takes to a place that another machine named. */
import { hostname } from 'node:os';
import { EngineError } from './errors';
import { OwnWays, type OwnPlaces } from './own-ways';
import type { PlaceRow } from './store/store';
import type { Target } from './targets/target';

const HERE = hostname();
const LAPTOP = `${HERE}-not`;

function row(options: PlaceRow['options'], more: Partial<PlaceRow> = {}): PlaceRow {
  return { name: 'prod', kind: 'kubernetes', options, credentialRef: null, host: LAPTOP, ...more };
}
const kubernetes = (options: PlaceRow['options'], name = 'prod') => ({
  name,
  kind: 'kubernetes',
  options,
});

describe('own ways', () => {
  let asked = 0;
  let isDown = false;
  beforeEach(() => {
    asked = 0;
    isDown = false;
  });

  /** Clusters by context; the pod's own account leads to uid-1. */
  function waysOf(own: Partial<OwnPlaces>): OwnWays {
    return new OwnWays({ sources: [], targets: [], ...own }, async ({ options }) => {
      return {
        place: async () => {
          asked += 1;
          if (isDown) throw new EngineError('CLUSTER_UNREACHABLE', { found: 'nothing' });
          const { context = 'pod', namespace = 'vms' } = options;
          const clusterId = { pod: 'uid-1', a: 'uid-1', b: 'uid-2' }[String(context)];
          return { clusterId, namespace };
        },
      } as unknown as Target;
    });
  }
  const laptops = {
    kubeconfig: '/home/me/.kube/config',
    context: 'a',
    as: 'me',
    namespace: 'vms',
    clusterId: 'uid-1',
    classes: ['fast'],
    moverImage: 'of-the-laptop:1',
  };

  it('a pod reaches the cluster of somebody’s kubeconfig by its own account, with its own movers', async () => {
    const own = { namespace: 'vms', clusterId: 'uid-1', moverImage: 'of-the-pod:2' };
    const reached = await waysOf({ targets: [kubernetes(own, 'other')] }).target(row(laptops));
    expect(reached).toMatchObject({ name: 'prod', host: null });
    expect(reached.options).toEqual({
      namespace: 'vms',
      clusterId: 'uid-1',
      classes: ['fast'],
      moverImage: 'of-the-pod:2',
    });
  });

  it.each([
    ['another namespace', { namespace: 'other' }],
    ['another cluster, as it says', { namespace: 'vms', clusterId: 'uid-2' }],
    ['another cluster, as the cluster says', { namespace: 'vms', context: 'b' }],
  ])('but not when its way leads to %s', async (_, options) => {
    const ways = waysOf({ targets: [kubernetes(options)] });
    await expect(ways.target(row(laptops))).rejects.toMatchObject({
      code: 'STATE_REFUSED',
      message: expect.stringContaining(LAPTOP),
    });
  });

  it('takes the row’s way at home, without asking, when it is its own', async () => {
    const ways = waysOf({ targets: [kubernetes(laptops)] });
    const home = row(laptops, { host: HERE });
    expect(await ways.target(home)).toBe(home);
    expect(asked).toBe(0);
    expect(await waysOf({}).target(home)).toBe(home);
  });

  it('asks again after a failure, and not again after an answer', async () => {
    const ways = waysOf({ targets: [kubernetes({ namespace: 'vms' })] });
    isDown = true;
    await expect(ways.target(row(laptops))).rejects.toMatchObject({ code: 'STATE_REFUSED' });
    isDown = false;
    await ways.target(row(laptops));
    await ways.target(row(laptops));
    expect(asked).toBe(2);
  });

  it('no other kind of target, nor one whose cluster nobody knows, is taken over', async () => {
    const ways = waysOf({ targets: [kubernetes({ namespace: 'vms' })] });
    const { clusterId: _, ...unknown } = laptops;
    await expect(ways.target(row(unknown))).rejects.toMatchObject({ code: 'STATE_REFUSED' });
    const local = row({ classes: {} }, { kind: 'local-directory' });
    await expect(ways.target(local)).rejects.toMatchObject({ code: 'STATE_REFUSED' });
  });

  it('a folder that pods mount is the same under the same name and options; any other is of its machine', () => {
    const mounted = { folder: '/mnt', pods: { persistentVolumeClaim: 'store' } };
    const source = { name: 'store', kind: 'vm-directory', options: mounted };
    const ways = waysOf({
      sources: [source, { ...source, name: 'plain', options: { folder: '/x' } }],
    });
    const there = row(mounted, { name: 'store', kind: 'vm-directory' });
    expect(ways.source(there)).toBe(there);
    for (const other of [
      { ...there, name: 'other' },
      { ...there, options: { ...mounted, folder: '/elsewhere' } },
      { ...there, name: 'plain', options: { folder: '/x' } },
    ])
      expect(() => ways.source(other)).toThrow(EngineError);
  });
});
