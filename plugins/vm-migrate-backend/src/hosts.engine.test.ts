/** Hosts of another sort: SQLite; and what is published to agents. */
import { actionsRegistryServiceMock } from '@backstage/backend-test-utils/alpha';
import { mockServices } from '@backstage/backend-test-utils';
import { OPERATIONS, type OperationName } from '@vm-migrate/api';
import { createServiceFactory } from '@backstage/backend-plugin-api';
import { actionsRegistryServiceRef } from '@backstage/backend-plugin-api/alpha';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';

describe('on SQLite', () => {
  const registry = actionsRegistryServiceMock({ logger: mockServices.logger.mock() });
  let backend: BackendUnderTest;
  beforeAll(async () => {
    backend = await backendUnderTest({
      section: {},
      database: { client: 'better-sqlite3', connection: ':memory:' },
      features: [
        createServiceFactory({
          service: actionsRegistryServiceRef,
          deps: {},
          factory: () => registry,
        }),
      ],
    });
  }, 180_000);
  afterAll(() => backend?.stop());

  it('the backend starts, and routes answer 503 with the remedy', async () => {
    const until = performance.now() + 20_000;
    for (;;) {
      const error = await backend
        .as('user:default/ann')
        .call('getVms', {})
        .catch((thrown: unknown) => thrown);
      if ((error as { code: string }).code === 'DATABASE_UNREACHABLE' && performance.now() < until)
        continue;
      expect(error).toMatchObject({
        code: 'DATABASE_UNSUITABLE',
        status: 503,
        data: { hint: expect.stringMatching('vmMigrate.database: embedded') as string },
      });
      break;
    }
    const health = await fetch(`${backend.url}/health`);
    expect([health.status, await health.json()]).toEqual([
      503,
      { status: 'unavailable', code: 'DATABASE_UNSUITABLE' },
    ]);
  }, 30_000);

  it('every operation is an action whose published schema lists its inputs', async () => {
    const { actions } = await registry.list();
    expect(actions).toHaveLength(Object.keys(OPERATIONS).length);
    for (const name of Object.keys(OPERATIONS) as OperationName[]) {
      const kebab = name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
      const action = actions.find(one => one.name === kebab);
      const { properties = {} } = action?.schema.input as { properties?: object };
      expect([name, Object.keys(properties).sort()]).toEqual([
        name,
        Object.keys(OPERATIONS[name].input.shape).sort(),
      ]);
      expect(action?.attributes).toEqual({
        readOnly: OPERATIONS[name].kind === 'query',
        destructive: ['cancel', 'cleanup'].includes(name),
        idempotent: name !== 'verify',
      });
    }
  });
});
