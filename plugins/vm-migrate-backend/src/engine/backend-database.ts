/**
 * Where the engine's database is: as configured, else the one that Backstage gives this plugin. Both
 * ways of dividing a server work: a database a plugin, or a schema a plugin in one database; the
 * engine's tables have schemas of their own in either.
 */
import type { DatabaseService, RootConfigService } from '@backstage/backend-plugin-api';
import {
  databaseUrl,
  EngineError,
  type BackendConfig,
  type DatabaseConnection,
  withSetting,
} from '@vm-migrate/engine';

export interface BackendDatabase {
  readonly connection: DatabaseConnection;
  /** For people, without user and password. */
  readonly name: string;
}

/** What Knex was given to connect with, or asks for it before each connection. */
type KnexConnection = Readonly<Record<string, unknown>>;

const EMBEDDED_HINT =
  'Give the backend a PostgreSQL (backend.database.client: pg), or this plugin one of its own: vmMigrate.database: { url: ... }, or vmMigrate.database: embedded.';

/** Of a database that is not embedded. @throws EngineError DATABASE_UNSUITABLE, CONFIG_INVALID */
export async function backendDatabase(
  { database: configured }: Pick<BackendConfig, 'database'>,
  host: { readonly database: DatabaseService; readonly rootConfig: RootConfigService },
): Promise<BackendDatabase> {
  if (configured !== undefined && configured.kind !== 'embedded') {
    const url = databaseUrl(configured);
    return { connection: url, name: nameOfUrl(url) };
  }
  const knex = await host.database.getClient();
  const config = knex.client.config as { client?: unknown; connection?: unknown };
  if (config.client !== 'pg') {
    throw new EngineError('DATABASE_UNSUITABLE', {
      where: { object: "Backstage's database" },
      expected: 'PostgreSQL',
      found: String(config.client),
      hint: EMBEDDED_HINT,
    });
  }
  const role = roleOf(host.rootConfig);
  const ask = async (): Promise<KnexConnection | string> =>
    (typeof config.connection === 'function'
      ? await (config.connection as () => Promise<unknown>)()
      : config.connection) as KnexConnection | string;
  const first = await ask();
  if (typeof first === 'string')
    return { connection: withRole(first, role), name: nameOfUrl(first) };
  if (typeof first['connectionString'] === 'string')
    return {
      connection: withRole(first['connectionString'], role),
      name: nameOfUrl(first['connectionString']),
    };
  return { connection: fieldsOf(first, ask, role), name: nameOfFields(first) };
}

/**
 * Knex hides the password from whoever copies the object, so it is read by name. Where connections
 * are made by a function, the password is a token that ends: it is asked for at each connection.
 */
function fieldsOf(
  first: KnexConnection,
  ask: () => Promise<KnexConnection | string>,
  role: string | undefined,
): DatabaseConnection {
  const { host, port, user, database, ssl } = first as Record<string, never>;
  const password = async (): Promise<string> => {
    const now = await ask();
    const said = typeof now === 'string' ? undefined : now['password'];
    return typeof said === 'function'
      ? String(await (said as () => Promise<unknown>)())
      : String(said ?? '');
  };
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(ssl === undefined ? {} : { ssl }),
    password,
    ...(role === undefined ? {} : { options: optionsOfRole(role) }),
  };
}

/** Backstage sets the role on Knex's own connections only. */
function roleOf(config: RootConfigService): string | undefined {
  return (
    config.getOptionalString('backend.database.plugin.vm-migrate.role') ??
    config.getOptionalString('backend.database.role')
  );
}

function withRole(url: string, role: string | undefined): DatabaseConnection {
  return role === undefined ? url : withSetting(url, optionsOfRole(role));
}

/** In the server's words: a space and a backslash are escaped. */
function optionsOfRole(role: string): string {
  return `-c role=${role.replace(/[\\ ]/g, found => `\\${found}`)}`;
}

function nameOfUrl(url: string): string {
  if (!URL.canParse(url)) return 'a database';
  const { hostname, port, pathname } = new URL(url);
  return `${hostname === '' ? 'localhost' : hostname}:${port === '' ? '5432' : port}${pathname}`;
}

function nameOfFields(fields: KnexConnection): string {
  const { host = 'localhost', port = 5432, database = '' } = fields;
  return `${String(host)}:${String(port)}/${String(database)}`;
}
