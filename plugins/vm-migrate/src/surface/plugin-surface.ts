/** What the new frontend system gives to every part of ours that it shows. */
import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { useMemo } from 'react';
import { rootRouteRef } from '../routes';
import { vmMigrateApiRef } from './api-ref';
import { entityLink } from './entity-link';
import { linksUnder } from './links';
import type { SurfaceProps } from './surface';

export function usePluginSurface(): SurfaceProps {
  const api = useApi(vmMigrateApiRef);
  // The app may have taken our page out and kept our parts of the entity's.
  const root = useRouteRef(rootRouteRef)?.() ?? '/vm-migrate';
  return useMemo(() => ({ api, links: linksUnder(root, entityLink) }), [api, root]);
}
