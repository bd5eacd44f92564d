/** The catalog module: the entity provider, its schedule, and its ear at the events of vm-migrate. */
import {
  coreServices,
  createBackendModule,
  type AuthService,
  type DiscoveryService,
} from '@backstage/backend-plugin-api';
import { catalogProcessingExtensionPoint, catalogServiceRef } from '@backstage/plugin-catalog-node';
import { apiClient, type ClientOptions } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { CatalogEntities } from './catalog-entities';
import { EntityOwners } from './entity-owners';
import { followMigrations } from './follow-migrations';
import { Inventory } from './inventory';
import { readSettings } from './settings';
import { Troubles } from './troubles';
import { PROVIDER_NAME, VmEntityProvider } from './vm-entity-provider';

/** Owners change by hands and by processors, which tell nobody. */
const OWNERS_EVERY = { minutes: 1 };

/** Each VM of the configured sources as an entity. @public */
export const catalogModuleVmMigrate = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'vm-migrate',
  register(env) {
    env.registerInit({
      deps: {
        auth: coreServices.auth,
        catalog: catalogServiceRef,
        config: coreServices.rootConfig,
        discovery: coreServices.discovery,
        lifecycle: coreServices.lifecycle,
        log: coreServices.logger,
        processing: catalogProcessingExtensionPoint,
        scheduler: coreServices.scheduler,
      },
      async init({ auth, catalog, config, discovery, lifecycle, log, processing, scheduler }) {
        const { schedule, owners: rules } = readSettings(config);
        const options = asCatalog({ auth, discovery });
        const client = apiClient(options);
        const inventory = new Inventory(client);
        const entities = new CatalogEntities({ catalog, auth });
        const owners = new EntityOwners({ entities, client: options });
        const troubles = new Troubles(log);
        const stopping = new AbortController();
        let following: Promise<void> | undefined;
        const provider = new VmEntityProvider({
          owners: rules,
          appUrl: config.getOptionalString('app.baseUrl'),
          inventory,
          entities,
          troubles,
          onConnect: () => {
            const { signal } = stopping;
            following = followMigrations({ client, inventory, provider, owners, troubles, signal });
          },
        });
        processing.addEntityProvider(provider);
        await scheduler.createScheduledTaskRunner(schedule).run({
          id: `${PROVIDER_NAME}-refresh`,
          fn: async (signal: AbortSignal) => {
            await troubles.attend('the backend plugin', () =>
              provider.refresh(AbortSignal.any([signal, stopping.signal])),
            );
          },
        });
        await scheduler
          .createScheduledTaskRunner({
            frequency: OWNERS_EVERY,
            initialDelay: OWNERS_EVERY,
            timeout: { minutes: 5 },
          })
          .run({
            id: `${PROVIDER_NAME}-owners`,
            fn: async (signal: AbortSignal) => {
              await troubles.attend('the backend plugin', () =>
                owners.tellAll(AbortSignal.any([signal, stopping.signal])),
              );
            },
          });
        lifecycle.addShutdownHook(async () => {
          stopping.abort();
          await following;
        });
      },
    });
  },
});

/** The catalog plugin asks by itself, and in nobody's name. */
function asCatalog({
  auth,
  discovery,
}: {
  readonly auth: AuthService;
  readonly discovery: DiscoveryService;
}): ClientOptions {
  return {
    baseUrl: () => discovery.getBaseUrl('vm-migrate'),
    token: async () => {
      const { token } = await auth.getPluginRequestToken({
        onBehalfOf: await auth.getOwnServiceCredentials(),
        targetPluginId: 'vm-migrate',
      });
      return token;
    },
  };
}
