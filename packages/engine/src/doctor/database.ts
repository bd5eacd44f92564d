/** Which server, which schema. That it answers at all was seen when it was opened. */
import { ok, type Check } from './check';

export const checkDatabase: Check = async ({ database }) => {
  if (database === undefined) return [];
  const [server] = await database.query<{ version: string; name: string; account: string }>(
    `select current_setting('server_version') as version, current_database() as name, current_user as account`,
  );
  const [schema] = await database.query<{ version: number }>(
    'select max(number)::int as version from vm_migrate.schema_migration',
  );
  return [
    ok(
      'database',
      `PostgreSQL ${server?.version ?? '?'}, database ${server?.name ?? '?'} as ${server?.account ?? '?'}, schema ${schema?.version ?? '?'}`,
    ),
  ];
};
