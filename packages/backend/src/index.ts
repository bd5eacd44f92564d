/** A Backstage backend with vm-migrate, to try it on this machine. */
import { createBackend } from '@backstage/backend-defaults';
import { rootHttpRouterServiceFactory } from '@backstage/backend-defaults/rootHttpRouter';
import type { BackendFeature } from '@backstage/backend-plugin-api';
import catalogVmMigrate from '@vm-migrate/backstage-plugin-catalog-backend-module-vm-migrate';
import scaffolderVmMigrate from '@vm-migrate/backstage-plugin-scaffolder-backend-module-vm-migrate';
import vmMigrate from '@vm-migrate/backstage-plugin-vm-migrate-backend';
import { assertGuestsOnThisMachine } from './guest-on-this-machine';

const backend = createBackend();

backend.add(
  rootHttpRouterServiceFactory({
    configure: context => {
      // Before anything listens.
      assertGuestsOnThisMachine(context.config);
      context.applyDefaults();
    },
  }),
);
backend.add(vmMigrate);
backend.add(catalogVmMigrate);
backend.add(scaffolderVmMigrate);
for (const loading of [
  import('@backstage/plugin-app-backend'),
  import('@backstage/plugin-auth-backend'),
  import('@backstage/plugin-auth-backend-module-guest-provider'),
  import('@backstage/plugin-catalog-backend'),
  import('@backstage/plugin-catalog-backend-module-scaffolder-entity-model'),
  import('@backstage/plugin-scaffolder-backend'),
])
  // CommonJS seen from an ES module: the feature is the default of the default, which Backstage unwraps.
  backend.add(loading as unknown as Promise<{ default: BackendFeature }>);

void backend.start();
