// The configuration of a Backstage that somebody tries vm-migrate in, on one machine alone: guests, an
// embedded PostgreSQL, the example VM, a folder as target. `npm start` and the test of an installation
// in somebody else's Backstage begin with it.
import path from 'node:path';

/** @param appUrl where the browser finds the app, if not at the backend's port */
export function tryConfig({ folder, port, appUrl }) {
  const backendUrl = `http://127.0.0.1:${port}`;
  const baseUrl = appUrl ?? backendUrl;
  return {
    app: { baseUrl },
    backend: {
      baseUrl: backendUrl,
      listen: { host: '127.0.0.1', port },
      cors: { origin: baseUrl, credentials: true },
      // On disk: who is signed in stays so when it is started again. One at another port has its own.
      database: {
        client: 'better-sqlite3',
        connection: { directory: path.join(folder, `backstage-${port}`) },
      },
      csp: { 'connect-src': ["'self'", 'http:', 'https:'] },
    },
    auth: { environment: 'development', providers: { guest: {} } },
    catalog: { providers: { vmMigrate: { owner: { default: 'group:default/guests' } } } },
    vmMigrate: {
      stateFolder: path.join(folder, 'state'),
      database: 'embedded',
      sources: { demo: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
      targets: {
        local: {
          kind: 'local-directory',
          classes: {
            fast: { folder: path.join(folder, 'volumes'), snapshots: 'auto', default: true },
          },
        },
      },
    },
  };
}
