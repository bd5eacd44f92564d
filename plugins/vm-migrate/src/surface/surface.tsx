/** What every part of ours needs around it: the client, the links, live answers. */
import { QueryClientProvider } from '@tanstack/react-query';
import type { ApiClient } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { OwnLanguage } from '../parts/own-language';
import '../parts/tokens.module.css';
import { liveHubOf, type LiveHub, type LiveMode } from './live-hub';
import type { Links } from './links';

export interface SurfaceProps {
  readonly api: ApiClient;
  readonly links: Links;
}

interface Client {
  readonly api: ApiClient;
  readonly hub: LiveHub;
}

interface Surface extends SurfaceProps, Client {}

const ClientContext = createContext<Client | undefined>(undefined);
const LinksContext = createContext<Links | undefined>(undefined);

/** For what leads nowhere and follows no events, as a field of a form. */
export function ClientProvider({
  api,
  children,
}: {
  readonly api: ApiClient;
  readonly children: ReactNode;
}) {
  const hub = liveHubOf(api);
  const client = useMemo(() => ({ api, hub }), [api, hub]);
  return (
    <ClientContext.Provider value={client}>
      <QueryClientProvider client={hub.queries}>
        <OwnLanguage>{children}</OwnLanguage>
      </QueryClientProvider>
    </ClientContext.Provider>
  );
}

export function SurfaceProvider({ api, links, children }: SurfaceProps & { children: ReactNode }) {
  const hub = liveHubOf(api);
  useEffect(() => hub.use(), [hub]);
  return (
    <ClientProvider api={api}>
      <LinksContext.Provider value={links}>{children}</LinksContext.Provider>
    </ClientProvider>
  );
}

/** @throws Error outside of a ClientProvider, a mistake of ours */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('useClient outside of a ClientProvider');
  return client;
}

/** @throws Error outside of a SurfaceProvider, a mistake of ours */
export function useSurface(): Surface {
  const client = useClient();
  const links = useContext(LinksContext);
  if (links === undefined) throw new Error('useSurface outside of a SurfaceProvider');
  return useMemo(() => ({ ...client, links }), [client, links]);
}

/** How the page learns what happens. */
export function useLiveMode(): LiveMode {
  const { hub } = useClient();
  return useSyncExternalStore(hub.subscribeMode, () => hub.mode);
}
