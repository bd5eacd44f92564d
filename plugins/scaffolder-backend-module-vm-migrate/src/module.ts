/** The scaffolder module: vm-migrate's actions for software templates. */
import { coreServices, createBackendModule } from '@backstage/backend-plugin-api';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';
import { scaffolderActionsExtensionPoint } from '@backstage/plugin-scaffolder-node';
import { planAction } from './actions/plan';
import { reportAction } from './actions/report';
import { startAction } from './actions/start';
import { verifyAction } from './actions/verify';
import { waitAction } from './actions/wait';

/** The actions `vm-migrate:plan`, `:start`, `:wait`, `:verify` and `:report`. @public */
export const scaffolderModuleVmMigrate = createBackendModule({
  pluginId: 'scaffolder',
  moduleId: 'vm-migrate',
  register(env) {
    env.registerInit({
      deps: {
        actions: scaffolderActionsExtensionPoint,
        auth: coreServices.auth,
        catalog: catalogServiceRef,
        discovery: coreServices.discovery,
      },
      async init({ actions, ...deps }) {
        actions.addActions(
          planAction(deps),
          startAction(deps),
          waitAction(deps),
          verifyAction(deps),
          reportAction(deps),
        );
      },
    });
  },
});
