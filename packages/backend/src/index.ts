/** A Backstage backend with vm-migrate, to try it on this machine. */
import { createBackend } from '@backstage/backend-defaults';
import { rootHttpRouterServiceFactory } from '@backstage/backend-defaults/rootHttpRouter';
import type { BackendFeature } from '@backstage/backend-plugin-api';
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
for (const loading of [
  import('@backstage/plugin-app-backend'),
  import('@backstage/plugin-auth-backend'),
  import('@backstage/plugin-auth-backend-module-guest-provider'),
  import('@backstage/plugin-catalog-backend'),
])
  // CommonJS seen from an ES module: the feature is the default of the default, which Backstage unwraps.
  backend.add(loading as unknown as Promise<{ default: BackendFeature }>);

void backend.start();
