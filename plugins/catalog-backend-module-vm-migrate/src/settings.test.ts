import { mockServices } from '@backstage/backend-test-utils';
import type { JsonObject } from '@backstage/types';
import { ownershipOf } from './owner-rules';
import { readSettings, type ProviderSettings } from './settings';

const settings = (vmMigrate?: JsonObject): ProviderSettings =>
  readSettings(
    mockServices.rootConfig({
      data: vmMigrate === undefined ? {} : { catalog: { providers: { vmMigrate } } },
    }),
  );

describe('settings', () => {
  it('without any, nobody is known to own a VM, and all are looked at every five minutes', () => {
    const { owners, schedule } = settings();
    expect(ownershipOf(owners, { source: 'lab', name: 'web' })).toEqual({ owner: 'unknown' });
    expect(schedule.frequency).toEqual({ minutes: 5 });
  });

  it('take a schedule', () => {
    const { schedule } = settings({ schedule: { frequency: 'PT1M', timeout: { minutes: 3 } } });
    expect(schedule).toMatchObject({ frequency: { minutes: 1 }, timeout: { minutes: 3 } });
  });

  it.each([
    [{ owner: { rules: [{ owner: 'a b:c:d' }] } }, 'owner.rules[0].owner'],
    [{ owner: { rules: [{ namePattern: 'web-(', owner: 'team' }] } }, 'owner.rules[0].namePattern'],
    [{ owner: { rules: [{ owner: 'team', sauce: 'lab' }] } }, 'owner.rules[0]'],
    [{ owner: { rules: [{ source: 'lab' }] } }, 'owner.rules[0].owner'],
    [{ owner: { default: 7 } }, 'owner.default'],
    [{ sources: {} }, 'sources'],
  ] as [JsonObject, string][])('%j: the field is named', (wrong, field) => {
    expect(() => settings(wrong)).toThrow(field);
  });
});

describe('the owner of a VM', () => {
  const { owners } = settings({
    owner: {
      default: 'platform',
      rules: [
        { source: 'lab', namePattern: 'web-.*', owner: 'group:default/web', system: 'shop' },
        { namePattern: 'web-.*|db', owner: 'data' },
        { source: 'lab', owner: 'user:default/ann' },
      ],
    },
  });

  it.each([
    ['lab', 'web-1', 'group:default/web', 'shop'],
    ['lab', 'WEB-1', 'group:default/web', 'shop'],
    ['lab', 'my-web-1', 'user:default/ann', undefined],
    ['nas', 'web-1', 'data', undefined],
    ['nas', 'db', 'data', undefined],
    ['nas', 'db-2', 'platform', undefined],
  ])('%s/%s: %s', (source, name, owner, system) => {
    const found = ownershipOf(owners, { source, name });
    expect([found.owner, found.system]).toEqual([owner, system]);
  });
});
