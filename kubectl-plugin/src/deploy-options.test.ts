import { deployChoices } from './deploy-options';
import { UsageError } from './usage-error';

const base = { postgres: false, databaseSecret: 'database' };
const choices = (more: object = {}) => deployChoices({ ...base, ...more }, '/dist/cli.cjs');

describe('options of worker deploy', () => {
  it('names one database, by a Secret or a small one of its own', () => {
    expect(choices().database).toEqual({ secret: 'database', key: 'url' });
    expect(choices({ databaseSecret: 'db/uri' }).database).toEqual({ secret: 'db', key: 'uri' });
    expect(choices({ databaseSecret: undefined, postgres: true }).postgres).toEqual({
      storage: '5Gi',
    });
    expect(() => choices({ postgres: true })).toThrow(/two databases/);
    expect(() => choices({ databaseSecret: undefined })).toThrow(/needs a database/);
    expect(() => choices({ databaseSecret: 'a/b/c' })).toThrow(UsageError);
  });

  it.each([
    ['10.0.0.5', ['10.0.0.5/32'], [5432]],
    ['10.0.0.0/8:6432', ['10.0.0.0/8'], [6432]],
    ['[fd00::5]:6432', ['fd00::5/128'], [6432]],
    ['fd00::/64', ['fd00::/64'], [5432]],
  ])('takes %s as an address of the database', (said, blocks, ports) => {
    expect(choices({ databaseAddress: [said] }).databaseReach).toEqual({ blocks, ports });
  });

  it.each(['db.test:5432', '10.0.0.5:', '10.0.0/8', '10.0.0.0/33', ':5432'])(
    'refuses %s as one',
    said => {
      expect(() => choices({ databaseAddress: [said] })).toThrow(UsageError);
    },
  );

  it('reads pairs, tolerations and quantities', () => {
    const { placement, sourceSecrets, sourceAddresses, requests, limits, podMonitor } = choices({
      nodeSelector: ['disk=ssd'],
      toleration: ['gpu', 'dedicated=storage:NoSchedule', 'spot:NoExecute'],
      sourceSecret: ['lab=login', 'files=login/files'],
      sourceAddress: ['lab=10.0.0.1', 'lab=10.0.0.2/31'],
      requests: 'cpu=1,memory=1Gi',
      podMonitor: 'release=prometheus,team=vms',
    });
    expect(placement.nodeSelector).toEqual({ disk: 'ssd' });
    expect(placement.tolerations).toEqual([
      { key: 'gpu', operator: 'Exists' },
      { key: 'dedicated', operator: 'Equal', value: 'storage', effect: 'NoSchedule' },
      { key: 'spot', operator: 'Exists', effect: 'NoExecute' },
    ]);
    expect(sourceSecrets.get('lab')).toEqual({ secret: 'login', key: 'credentials' });
    expect(sourceSecrets.get('files')).toEqual({ secret: 'login', key: 'files' });
    expect(sourceAddresses.get('lab')).toEqual(['10.0.0.1', '10.0.0.2/31']);
    expect(requests).toEqual({ cpu: '1', memory: '1Gi' });
    expect(limits).toEqual({ memory: '512Mi' });
    expect(podMonitor).toEqual({ release: 'prometheus', team: 'vms' });
  });

  it.each([
    { nodeSelector: ['disk'] },
    { toleration: ['a:b'] },
    { requests: 'cpu=lots' },
    { limits: 'gpu=1' },
    { replicas: 1.5 },
    { leaseSeconds: 1 },
  ])('refuses %j', more => {
    expect(() => choices(more)).toThrow(UsageError);
  });
});
