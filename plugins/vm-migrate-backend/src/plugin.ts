/** The backend plugin: puts the engine, its routes, actions and permissions into a Backstage backend. */
import { homedir } from 'node:os';
import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import { actionsRegistryServiceRef } from '@backstage/backend-plugin-api/alpha';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';
import { notificationService } from '@backstage/plugin-notifications-node';
import { HEALTH_PATH } from '@vm-migrate/api';
import { vmMigratePermissions } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmMigrateKindsExtensionPoint } from '@vm-migrate/backstage-plugin-vm-migrate-node';
import { readBackendConfig } from '@vm-migrate/engine';
import manifest from '../package.json';
import { backendDatabase } from './engine/backend-database';
import { EngineHost } from './engine/engine-host';
import { AddedKinds } from './engine/kinds';
import { moverProgram } from './engine/programs';
import { notifyEnds } from './notify-ends';
import { migrationResources } from './permissions/migration-resources';
import { registerActions } from './requests/actions';
import { OperationsService } from './requests/operations-service';
import { createRouter } from './requests/router';

/** Add it to a backend; `vmMigrate` of the configuration is its. @public */
export const vmMigratePlugin = createBackendPlugin({
  pluginId: 'vm-migrate',
  register(env) {
    const kinds = new AddedKinds();
    env.registerExtensionPoint(vmMigrateKindsExtensionPoint, kinds);
    env.registerInit({
      deps: {
        actions: actionsRegistryServiceRef,
        auditor: coreServices.auditor,
        auth: coreServices.auth,
        catalog: catalogServiceRef,
        database: coreServices.database,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        lifecycle: coreServices.lifecycle,
        log: coreServices.logger,
        notifications: notificationService,
        permissions: coreServices.permissions,
        permissionsRegistry: coreServices.permissionsRegistry,
        rootConfig: coreServices.rootConfig,
      },
      async init({ httpRouter, lifecycle, log, rootConfig, permissionsRegistry, ...deps }) {
        const config = readBackendConfig(rootConfig.getOptional('vmMigrate'), {
          folder: process.cwd(),
          home: homedir(),
          environment: process.env,
        });
        const host = new EngineHost({
          config,
          database: () => backendDatabase(config, { database: deps.database, rootConfig }),
          kinds: kinds.openers(),
          moverProgram: moverProgram(),
          version: manifest.version,
          log,
        });
        const engine = () => host.engine();
        permissionsRegistry.addPermissions([...vmMigratePermissions]);
        permissionsRegistry.addResourceType(migrationResources(engine));
        const operations = new OperationsService({
          ...deps,
          permissionsRegistry,
          engine,
          log,
          changesPerMinute: config.requests.changesPerMinute,
        });
        registerActions(deps.actions, operations);
        const stopping = new AbortController();
        httpRouter.use(
          createRouter({
            operations,
            httpAuth: deps.httpAuth,
            engine,
            maxBytes: config.requests.maxBytes,
            signal: stopping.signal,
          }),
        );
        httpRouter.addAuthPolicy({ path: HEALTH_PATH, allow: 'unauthenticated' });
        host.onOpen(
          (opened, closed) =>
            void notifyEnds({
              engine: opened,
              notifications: deps.notifications,
              log,
              signal: closed,
            }).catch(error => log.debug(`vm-migrate: no notifications: ${String(error)}`)),
        );
        lifecycle.addShutdownHook(async () => {
          stopping.abort();
          await host.stop();
        });
        host.start();
      },
    });
  },
});
