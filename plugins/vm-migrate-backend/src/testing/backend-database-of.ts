/** A test's database as Backstage takes it in `backend.database`, each plugin in a schema of its own. */
import type { JsonObject } from '@backstage/types';

export function backendDatabaseOf({ url }: { readonly url: string }): JsonObject {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    client: 'pg',
    pluginDivisionMode: 'schema',
    ensureSchemaExists: true,
    connection: {
      host: hostname,
      port: Number(port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: pathname.slice(1),
    },
  };
}
