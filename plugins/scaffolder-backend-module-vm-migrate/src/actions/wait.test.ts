/** vm-migrate:wait when the token of whoever runs the task ends before the migrations do. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mockServices } from '@backstage/backend-test-utils';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import { createMockActionContext } from '@backstage/plugin-scaffolder-node-test-utils';
import type { JsonObject } from '@backstage/types';
import { migrationOf } from '../../../../packages/api/src/testing';
import { tempFolder } from '../../../../packages/engine/src/testing/temp-folder';
import { waitAction } from './wait';

const running = migrationOf({ state: 'running' });

describe('vm-migrate:wait', () => {
  const workspacePath = tempFolder();
  /** Looks that are answered before the token is one of the past. */
  let looksLeft = 0;
  const backend = createServer((_, answer) => {
    const knows = looksLeft-- > 0;
    answer.writeHead(knows ? 200 : 401, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(knows ? [running] : { error: { name: 'AuthenticationError' } }));
  });
  beforeAll(() => new Promise<void>(resolve => backend.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise(resolve => backend.close(resolve)));

  async function wait(): Promise<JsonObject> {
    const { port } = backend.address() as AddressInfo;
    const outputs: JsonObject = {};
    const action = waitAction({
      auth: mockServices.auth(),
      catalog: catalogServiceMock({ entities: [] }),
      discovery: mockServices.discovery.mock({
        getBaseUrl: async () => `http://127.0.0.1:${port}`,
      }),
    });
    const input = { migration: running.id };
    const context = createMockActionContext({ input, workspacePath });
    await action.handler(
      Object.assign(context, {
        output: (name: string, value: never) => void (outputs[name] = value),
      }) as never,
    );
    return outputs;
  }

  it('says how far they were, and leaves them going on', async () => {
    looksLeft = 1;
    expect(await wait()).toMatchObject({
      state: 'running',
      timedOut: true,
      link: `/vm-migrate/migrations/${running.id}`,
    });
  });

  it('fails where it never got to look, and says so in words of a template', async () => {
    looksLeft = 0;
    await expect(wait()).rejects.toThrow(/^NOT_SIGNED_IN: .*run the template again/);
    await expect(wait()).rejects.not.toThrow(/VM_MIGRATE_API_TOKEN/);
  });
});
