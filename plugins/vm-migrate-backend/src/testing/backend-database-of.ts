/** A test's database as Backstage takes it in `backend.database`. */
import type { JsonObject } from '@backstage/types';

/** `schema`: each plugin in a schema of the database; `database`: each in one beside it, named after it. */
export function backendDatabaseOf(
  database: { readonly url: string },
  pluginDivisionMode: 'schema' | 'database' = 'schema',
): JsonObject {
  const url = new URL(database.url);
  const name = url.pathname.slice(1);
  return {
    client: 'pg',
    pluginDivisionMode,
    ensureSchemaExists: true,
    ...(pluginDivisionMode === 'database' ? { prefix: `${name}_` } : {}),
    connection: {
      host: url.hostname,
      port: Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: pluginDivisionMode === 'schema' ? name : 'postgres',
    },
  };
}
