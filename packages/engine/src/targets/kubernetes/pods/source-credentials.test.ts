import { writeFileSync } from 'node:fs';
import path from 'node:path';

import type { HashChainOrder } from '../../../mover/mover';
import { tempFolder } from '../../../testing/temp-folder';
import { orderForPod } from './source-credentials';

const folder = tempFolder();
const order = (credentials?: object): HashChainOrder =>
  ({ order: 'hash-chain', source: { kind: 'vm-https', url: 'https://a', credentials } }) as never;

describe('credentials of a source, for a pod', () => {
  beforeEach(() => (process.env['TEST_SOURCE_LOGIN'] = 'user:secret'));
  afterEach(() => delete process.env['TEST_SOURCE_LOGIN']);

  it('are read here, and the pod’s order names the file there', () => {
    const file = path.join(folder, 'login');
    writeFileSync(file, 'Bearer other');
    for (const [credentials, text] of [
      [{ env: 'TEST_SOURCE_LOGIN' }, 'user:secret'],
      [{ file }, 'Bearer other'],
    ] as const) {
      const found = orderForPod(order(credentials), '/order');
      expect(found.credentials).toBe(text);
      expect(found.order).toEqual(order({ file: '/order/credentials' }));
    }
  });

  it('are none where the source needs none', () => {
    expect(orderForPod(order(), '/order')).toEqual({ order: order() });
  });

  it.each([{ env: 'TEST_NOTHING' }, { file: '/nowhere/login' }])(
    'that are not there are named: %p',
    credentials => {
      expect(() => orderForPod(order(credentials), '/order')).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID' }),
      );
    },
  );
});
