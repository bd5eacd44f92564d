/**
 * A backend with this plugin on real PostgreSQL, for tests: Backstage's own database service and
 * permission registry, mock credentials (a header names the user), and a policy of the test's.
 */
import type { AddressInfo } from 'node:net';
import { databaseServiceFactory } from '@backstage/backend-defaults/database';
import { permissionsRegistryServiceFactory } from '@backstage/backend-defaults/permissionsRegistry';
import type {
  BackendFeature,
  BackstageCredentials,
  BackstageUserPrincipal,
} from '@backstage/backend-plugin-api';
import type { JsonObject } from '@backstage/types';
import { mockCredentials, mockServices, startTestBackend } from '@backstage/backend-test-utils';
import {
  AuthorizeResult,
  type Permission,
  type PolicyDecision,
} from '@backstage/plugin-permission-common';
import { catalogServiceRef, type CatalogService } from '@backstage/plugin-catalog-node';
import { createServiceFactory } from '@backstage/backend-plugin-api';
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import { apiClient, type ApiClient, type ClientOptions } from '@vm-migrate/api';
import { vmMigratePlugin } from '../plugin';
import { contract, type Contract } from './contract';
import { unrefIntervals } from './unref-intervals';

export type Policy = (user: string, permission: Permission) => PolicyDecision;

export interface BackendUnderTestOptions {
  /** Of the section `vmMigrate`. */
  readonly section: JsonObject;
  /** Of `backend.database`. */
  readonly database: JsonObject;
  /** Everything is allowed when absent. */
  readonly policy?: Policy;
  /** VMs in the catalog; none when absent. `catalog plugin`: that one says, which is among the features. */
  readonly entities?:
    readonly { readonly entity: Entity; readonly readers: readonly string[] }[] | 'catalog plugin';
  /** Sections beside `backend` and `vmMigrate`. */
  readonly config?: JsonObject;
  readonly features?: readonly BackendFeature[];
}

export interface BackendUnderTest {
  readonly url: string;
  readonly audited: AuditedEvent[];
  /** What came over the wire so far, and the check that it is as the document says. */
  readonly contract: Contract;
  /** With the token of this user. Answers that are not as openapi.json says are errors. */
  as(user: string): ApiClient;
  /** How another plugin of the same Backstage calls it, by itself. */
  ofPlugin(pluginId: string): ClientOptions;
  header(user: string): Record<string, string>;
  /** Waits until it works. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export interface AuditedEvent {
  readonly eventId: string;
  readonly meta: JsonObject;
  outcome: 'open' | 'succeeded' | 'failed';
}

export async function backendUnderTest(
  options: BackendUnderTestOptions,
): Promise<BackendUnderTest> {
  const audited: AuditedEvent[] = [];
  const wire = contract();
  if (options.entities === 'catalog plugin') unrefIntervals();
  const policy = options.policy ?? (() => ({ result: AuthorizeResult.ALLOW }));
  // As Backstage's own service: what a plugin asks for by itself no policy is asked about.
  const decide = ({ principal }: BackstageCredentials, permission: Permission): PolicyDecision =>
    (principal as { type: string }).type === 'service'
      ? { result: AuthorizeResult.ALLOW }
      : policy((principal as BackstageUserPrincipal).userEntityRef, permission);
  const backend = await startTestBackend({
    features: [
      vmMigratePlugin,
      mockServices.rootConfig.factory({
        data: {
          ...options.config,
          backend: { database: options.database },
          vmMigrate: options.section,
        },
      }),
      databaseServiceFactory,
      permissionsRegistryServiceFactory,
      mockServices.permissions.mock({
        authorize: async (requests, { credentials } = {} as never) =>
          requests.map(({ permission }) => {
            const decision = decide(credentials as BackstageCredentials, permission);
            return {
              result:
                decision.result === AuthorizeResult.ALLOW
                  ? AuthorizeResult.ALLOW
                  : AuthorizeResult.DENY,
            };
          }),
        authorizeConditional: async (requests, { credentials } = {} as never) =>
          requests.map(({ permission }) => decide(credentials as BackstageCredentials, permission)),
      }).factory,
      mockServices.auditor.mock({
        createEvent: async ({ eventId, meta = {} }) => {
          const event: AuditedEvent = { eventId, meta, outcome: 'open' };
          audited.push(event);
          return {
            success: async () => void (event.outcome = 'succeeded'),
            fail: async () => void (event.outcome = 'failed'),
          };
        },
      }).factory,
      ...(options.entities === 'catalog plugin' ? [] : [catalogOf(options.entities ?? [])]),
      ...(options.features ?? []),
    ],
  });
  const { port } = backend.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/api/vm-migrate`;
  return {
    url,
    audited,
    header: user => ({ authorization: mockCredentials.user.header(user) }),
    contract: wire,
    as: user =>
      apiClient({
        baseUrl: () => url,
        token: () => mockCredentials.user.token(user),
        fetch: wire.fetch,
      }),
    ofPlugin: pluginId => ({
      baseUrl: () => url,
      token: () =>
        mockCredentials.service.token({
          onBehalfOf: mockCredentials.service(`plugin:${pluginId}`),
          targetPluginId: 'vm-migrate',
        }),
    }),
    ready: () => untilHealthy(url),
    stop: () => backend.stop(),
  };
}

function catalogOf(
  entities: Exclude<NonNullable<BackendUnderTestOptions['entities']>, string>,
): BackendFeature {
  const readableBy = ({ principal }: BackstageCredentials<{ type: string }>): Entity[] =>
    entities
      .filter(
        ({ readers }) =>
          principal.type === 'service' ||
          readers.includes((principal as unknown as BackstageUserPrincipal).userEntityRef),
      )
      .map(({ entity }) => entity);
  const getEntities: CatalogService['getEntities'] = async (request, { credentials }) => {
    const filter = Object.entries((request?.filter ?? {}) as Record<string, string>);
    const items = readableBy(credentials as never).filter(({ metadata }) =>
      filter.every(
        ([key, value]) =>
          metadata.annotations?.[key.replace('metadata.annotations.', '')] === value,
      ),
    );
    return { items };
  };
  const getEntityByRef: CatalogService['getEntityByRef'] = async (ref, { credentials }) =>
    readableBy(credentials as never).find(entity => stringifyEntityRef(entity) === ref);
  return createServiceFactory({
    service: catalogServiceRef,
    deps: {},
    factory: () => ({ getEntities, getEntityByRef }) as unknown as CatalogService,
  });
}

async function untilHealthy(url: string): Promise<void> {
  const until = performance.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${url}/health`);
    const said = await answer.text();
    if (answer.ok) return;
    if (performance.now() > until) throw new Error(`not ready: ${answer.status} ${said}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
