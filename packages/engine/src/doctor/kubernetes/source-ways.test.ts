/** What is said of sources without a probe. */
import type { PlaceRow } from '../../store/store';
import type { ClusterContext } from './cluster-check';
import { checkPushedSources, unprobedSources } from './source-ways';

const source = (name: string, kind: string, options: PlaceRow['options']): PlaceRow => ({
  name,
  kind,
  options,
  credentialRef: null,
  host: null,
});
const here = source('here', 'vm-directory', { folder: '/vms' });
const sources = [
  here,
  source('nfs', 'vm-directory', {
    folder: '/vms',
    pods: { nfs: { server: 'files', path: '/vms' } },
  }),
  source('web', 'vm-https', { url: 'https://files.test/' }),
];

/** An API server that allows everything, or everything but port-forward. */
function contextWith(mayPush: 'may push' | 'may not push') {
  const asked: string[] = [];
  const api = {
    namespace: 'vms',
    serves: async () => true,
    create: async (_kind: unknown, object: { readonly spec: { resourceAttributes: object } }) => {
      asked.push(JSON.stringify(object.spec.resourceAttributes));
      return { status: { allowed: mayPush === 'may push' } };
    },
  } as unknown as ClusterContext['api'];
  const context = { name: 'prod', options: {}, api, sources } as unknown as ClusterContext;
  return { context, asked };
}

describe('how sources come to the cluster', () => {
  it('a folder of this machine is pushed, where that is allowed; nothing else is asked', async () => {
    const { context, asked } = contextWith('may push');
    expect(await checkPushedSources(context)).toEqual([
      {
        name: 'source here from prod',
        state: 'ok',
        found:
          'a folder of this machine: it is pushed to pods through port-forward, for which the right is there',
      },
    ]);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(attributes => !attributes.includes('portforward'))).toEqual([]);
  });

  it('names the rights that are missing, and what grants them', async () => {
    const [check] = await checkPushedSources(contextWith('may not push').context);
    expect(check).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('create pods/portforward in namespace vms'),
      remedy: expect.stringContaining('`pods` of the source'),
      command: 'kubectl vm-migrate doctor --rbac -o yaml | kubectl -n vms apply -f -',
    });
  });

  it('of those that pods read by themselves it says that the probe shows it', () => {
    expect(unprobedSources(sources, { name: 'prod' })).toMatchObject([
      {
        name: 'source nfs from prod',
        state: 'skipped',
        command: expect.stringContaining('--probe'),
      },
      { name: 'source web from prod', state: 'skipped' },
    ]);
    expect(unprobedSources([here], { name: 'prod' })).toEqual([]);
  });
});
