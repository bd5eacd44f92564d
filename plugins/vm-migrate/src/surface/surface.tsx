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

interface Surface extends SurfaceProps {
  readonly hub: LiveHub;
}

const SurfaceContext = createContext<Surface | undefined>(undefined);

export function SurfaceProvider({ api, links, children }: SurfaceProps & { children: ReactNode }) {
  const hub = liveHubOf(api);
  useEffect(() => hub.use(), [hub]);
  const surface = useMemo(() => ({ api, links, hub }), [api, links, hub]);
  return (
    <SurfaceContext.Provider value={surface}>
      <QueryClientProvider client={hub.queries}>
        <OwnLanguage>{children}</OwnLanguage>
      </QueryClientProvider>
    </SurfaceContext.Provider>
  );
}

/** @throws Error outside of a SurfaceProvider, a mistake of ours */
export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (surface === undefined) throw new Error('useSurface outside of a SurfaceProvider');
  return surface;
}

/** How the page learns what happens. */
export function useLiveMode(): LiveMode {
  const { hub } = useSurface();
  return useSyncExternalStore(hub.subscribeMode, () => hub.mode);
}
