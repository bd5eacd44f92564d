/**
 * Where the database is, as the configuration says it, and how that becomes a URL. A password never
 * comes from a command line, where every user of the machine can read it.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EngineError } from '../errors';

/** The shape of config.ts's `database`. */
export type DatabaseAddress =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'urlFile'; readonly file: string }
  /** A section of pg_service.conf. */
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'embedded' };

export const OWN_DATABASE_HINT =
  'Or use a PostgreSQL (13 or newer) of your own: set VM_MIGRATE_DATABASE_URL=postgres://USER:PASSWORD@HOST:PORT/DATABASE, ' +
  'or give --database-url-file FILE, or --database-service NAME (a section of ~/.pg_service.conf). ' +
  '--database-url takes a URL without a password.';

/**
 * The URL behind an address.
 * @throws EngineError CONFIG_INVALID when the file or the service cannot be read
 */
export function databaseUrl(address: Exclude<DatabaseAddress, { kind: 'embedded' }>): string {
  switch (address.kind) {
    case 'url':
      return address.url;
    case 'urlFile':
      return readText(address.file, 'a file with one database URL').trim();
    case 'service':
      return urlOfService(address.service);
  }
}

/** Source: PostgreSQL documentation, "The Connection Service File". */
function urlOfService(service: string): string {
  const candidates = [
    process.env['PGSERVICEFILE'] ?? path.join(os.homedir(), '.pg_service.conf'),
    ...(process.env['PGSYSCONFDIR'] === undefined
      ? ['/etc/postgresql-common']
      : [process.env['PGSYSCONFDIR']]
    ).map(folder => path.join(folder, 'pg_service.conf')),
  ];
  for (const file of candidates) {
    const settings = readService(file, service);
    if (settings !== undefined) return urlOfSettings(settings);
  }
  throw new EngineError('CONFIG_INVALID', {
    where: { object: `database service ${service}` },
    expected: `a section [${service}] in ${candidates.join(' or ')}`,
    found: 'none',
  });
}

function readService(file: string, service: string): ReadonlyMap<string, string> | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  let found: Map<string, string> | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const section = /^\[(.*)\]$/.exec(line);
    if (section !== null) {
      if (found !== undefined) return found;
      if (section[1] === service) found = new Map();
      continue;
    }
    const equals = line.indexOf('=');
    if (equals > 0) found?.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return found;
}

function urlOfSettings(settings: ReadonlyMap<string, string>): string {
  const url = new URL('postgres://localhost');
  const { username } = os.userInfo();
  url.username = encodeURIComponent(settings.get('user') ?? username);
  url.password = encodeURIComponent(settings.get('password') ?? '');
  const host = settings.get('host') ?? settings.get('hostaddr') ?? 'localhost';
  if (host.startsWith('/')) url.searchParams.set('host', host);
  else url.host = host;
  url.port = settings.get('port') ?? '5432';
  url.pathname = encodeURIComponent(settings.get('dbname') ?? settings.get('user') ?? username);
  for (const name of ['sslmode', 'sslrootcert', 'sslcert', 'sslkey']) {
    const value = settings.get(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

function readText(file: string, expected: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new EngineError('CONFIG_INVALID', {
      where: { file },
      expected,
      found: error instanceof Error ? error.message : String(error),
    });
  }
}
