/**
 * From a database URL to what pg wants to know, and to what a person may see of it.
 */
import { types, type ClientConfig, type CustomTypesConfig, type PoolConfig } from 'pg';
import { EngineError } from '../errors';

/**
 * Where the database is: a URL, or the fields that pg takes. A host's database service gives the
 * latter, with a password that is asked for at each connection where it is a token that ends.
 */
export type DatabaseConnection =
  string | Pick<PoolConfig, 'host' | 'port' | 'user' | 'database' | 'password' | 'ssl' | 'options'>;

export function poolConfig(connection: DatabaseConnection): PoolConfig {
  return typeof connection === 'string' ? { connectionString: connection } : { ...connection };
}

/**
 * The same connection with a setting of its own, in the server's words: `-c NAME=VALUE`. What the
 * connection sets already, such as a role, stays.
 */
export function withSetting(connection: DatabaseConnection, setting: string): DatabaseConnection {
  const joined = (options: string | null | undefined): string =>
    [options, setting].filter(Boolean).join(' ');
  if (typeof connection !== 'string') return { ...connection, options: joined(connection.options) };
  const url = new URL(connection);
  url.searchParams.set('options', joined(url.searchParams.get('options')));
  return url.href;
}

export interface Connection {
  readonly config: ClientConfig;
  /** host:port/database: for messages. Never holds the user or the password. */
  readonly place: string;
}

/**
 * A transaction that sits idle this long is ended by the server: a stopped or unplugged worker may
 * hold the lock of admission, and all others must still renew their leases in time (half of 60 s).
 */
const IDLE_IN_TRANSACTION_MS = 10_000;
const CONNECT_MS = 10_000;

/** @throws EngineError CONFIG_INVALID when it is no PostgreSQL URL; the message does not repeat it */
export function parseConnection(url: DatabaseConnection, applicationName: string): Connection {
  const place = typeof url === 'string' ? placeOf(url) : placeOfFields(url);
  const config: ClientConfig = {
    ...poolConfig(url),
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
  };
  return { config, place };
}

function placeOfFields({ host, port, database }: Exclude<DatabaseConnection, string>): string {
  return `${host ?? 'localhost'}:${port ?? 5432}/${database ?? ''}`;
}

function placeOf(url: string): string {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) {
    const { hostname, port, pathname, searchParams } = new URL(url);
    const host = searchParams.get('host') ?? hostname;
    return `${host === '' ? 'localhost' : host}:${port === '' ? 5432 : port}${pathname === '' ? '/' : pathname}`;
  }
  throw new EngineError('CONFIG_INVALID', {
    where: { object: 'database URL' },
    expected: 'postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    found: 'something else (not repeated here, it may hold a password)',
    hint: 'Percent-encode special characters in the password: @ is %40, / is %2F.',
  });
}

const parseInt8 = (text: string): number | bigint => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};

/** pg's own parsers, but int8 as a number (bigint beyond 2^53). Per connection: pg's global table is shared with others. */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.INT8 && format !== 'binary'
      ? parseInt8
      : (types.getTypeParser(oid, format) as typeof parseInt8),
};
