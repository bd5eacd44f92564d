import { mockServices } from '@backstage/backend-test-utils';
import { assertGuestsOnThisMachine } from './guest-on-this-machine';

describe('a backend with guests', () => {
  const guests = { auth: { providers: { guest: {} } } };
  const check = (data: object) => () =>
    assertGuestsOnThisMachine(mockServices.rootConfig({ data: data as never }));

  it.each([
    [{ host: '127.0.0.1', port: 7007 }],
    [{ host: 'localhost' }],
    ['127.0.0.1:7007'],
    [{ host: '::1' }],
  ])('starts on %j', listen => {
    expect(check({ ...guests, backend: { listen } })).not.toThrow();
  });

  it.each([[undefined], [':7007'], [{ port: 7007 }], [{ host: '0.0.0.0' }], ['10.0.0.7:7007']])(
    'does not start on %j',
    listen => {
      expect(check({ ...guests, backend: { listen } })).toThrow(/backend\.listen\.host/);
    },
  );

  it('without guests may listen anywhere', () => {
    expect(check({ backend: { listen: ':7007' } })).not.toThrow();
  });
});
