/**
 * A guest needs no password: whoever reaches the port is one. So a backend with guests listens on
 * this machine alone, or it does not start.
 */
import type { RootConfigService } from '@backstage/backend-plugin-api';

/** @throws Error naming the two settings that do not go together */
export function assertGuestsOnThisMachine(config: RootConfigService): void {
  if (!config.has('auth.providers.guest')) return;
  const host = hostOf(config);
  if (host !== undefined && isLoopback(host)) return;
  throw new Error(
    `auth.providers.guest lets in whoever reaches the port, and backend.listen.host is ${host ?? 'every address'}: set it to 127.0.0.1, or sign people in another way`,
  );
}

/** Undefined: every address. */
function hostOf(config: RootConfigService): string | undefined {
  const listen = config.getOptional('backend.listen');
  if (typeof listen === 'string') {
    const colon = listen.lastIndexOf(':');
    return colon <= 0 ? undefined : listen.slice(0, colon);
  }
  return config.getOptionalString('backend.listen.host');
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
  );
}
