/** The backend that the command line calls instead of a database: by flag, then environment, then file. */
import path from 'node:path';
import type { ConfigFile } from './config-file';
import type { ConfiguredApi, ConfigInput } from './config-shape';
import { EngineError } from './errors';

export interface FoundApi {
  readonly value: ConfiguredApi;
  readonly origin: string;
}

/**
 * A database that is named nearer by (a flag over the environment, the environment over a file) wins over the address.
 * @throws EngineError USAGE for an address that is none, or beside a database that is named as near by
 */
export function pickApi(files: readonly ConfigFile[], input: ConfigInput): FoundApi | undefined {
  const found = pickUrl(files, input);
  if (found === undefined) return undefined;
  const tokenFile = pickTokenFile(files, input);
  const token = filled(input.environment['VM_MIGRATE_API_TOKEN']);
  return {
    origin: found.origin,
    value: {
      url: checked(found.url, found.origin),
      ...(token === undefined ? {} : { token }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
    },
  };
}

/** Never the token. */
export function apiWords({ url, token, tokenFile }: ConfiguredApi): string {
  const signed =
    token !== undefined ? 'with VM_MIGRATE_API_TOKEN' : `token of ${tokenFile ?? 'nowhere'}`;
  return `${url}, ${signed}`;
}

function pickUrl(
  files: readonly ConfigFile[],
  { environment, flags = {} }: ConfigInput,
): { readonly url: string; readonly origin: string } | undefined {
  const ofFlags = [flags.databaseUrl, flags.databaseUrlFile, flags.databaseService].some(
    said => said !== undefined,
  );
  if (flags.apiUrl !== undefined) {
    if (ofFlags) throw both('--api-url', 'a flag that names a database');
    return { url: flags.apiUrl, origin: 'flag --api-url' };
  }
  if (ofFlags) return undefined;
  const ofEnvironment = [
    'VM_MIGRATE_DATABASE_URL',
    'VM_MIGRATE_DATABASE_URL_FILE',
    'VM_MIGRATE_DATABASE_SERVICE',
  ].find(name => filled(environment[name]) !== undefined);
  const url = filled(environment['VM_MIGRATE_API_URL']);
  if (url !== undefined) {
    if (ofEnvironment !== undefined) throw both('VM_MIGRATE_API_URL', ofEnvironment);
    return { url, origin: 'environment VM_MIGRATE_API_URL' };
  }
  if (ofEnvironment !== undefined) return undefined;
  for (const file of [...files].reverse()) {
    const { apiUrl } = file.section;
    if (apiUrl !== undefined) return { url: apiUrl, origin: file.at(['apiUrl']) };
    if (file.section.database !== undefined) return undefined;
  }
  return undefined;
}

function pickTokenFile(
  files: readonly ConfigFile[],
  { cwd, environment, flags }: ConfigInput,
): string | undefined {
  const said = flags?.apiTokenFile ?? filled(environment['VM_MIGRATE_API_TOKEN_FILE']);
  if (said !== undefined) return path.resolve(cwd, said);
  return [...files].reverse().find(file => file.section.apiTokenFile !== undefined)?.section
    .apiTokenFile;
}

function checked(text: string, origin: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every(part => part === '');
  if (isPlain) return text.replace(/\/+$/, '');
  throw new EngineError('USAGE', {
    where: { object: origin },
    expected: 'https://HOST[:PORT][/PATH], without user name and password',
    found: 'something else (not repeated here)',
    hint: 'A token goes into VM_MIGRATE_API_TOKEN, or into a file for --api-token-file.',
  });
}

function both(one: string, other: string): EngineError {
  return new EngineError('USAGE', {
    where: { object: one },
    expected: 'a backend or a database',
    found: `${one} and ${other}`,
  });
}

function filled(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
