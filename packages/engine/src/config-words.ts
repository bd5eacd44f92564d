/** Values of the configuration as `doctor` shows them: on one line, and without a password. */
import type { ConfiguredDatabase, ConfiguredLimit, ConfiguredPlace } from './config-shape';

export function databaseWords(database: ConfiguredDatabase): string {
  switch (database.kind) {
    case 'url':
      return redacted(database.url);
    case 'urlFile':
      return `URL in ${database.file}`;
    case 'service':
      return `service ${database.service}`;
    case 'embedded':
      return 'embedded PostgreSQL in the state folder';
  }
}

function redacted(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)';
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***');
  return parsed.href;
}

export function placeWords({ kind, options }: ConfiguredPlace): string {
  return `${kind} ${JSON.stringify(options)}`;
}

export function limitWords({ maxRunning, bytesPerSecond }: ConfiguredLimit): string {
  const parts = [
    maxRunning === undefined ? undefined : `${maxRunning} at a time`,
    bytesPerSecond === undefined ? undefined : `${bytesPerSecond} bytes/s`,
  ];
  return parts.filter(part => part !== undefined).join(', ');
}
