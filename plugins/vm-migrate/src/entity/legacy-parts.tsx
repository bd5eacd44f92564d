/** The parts of an entity's page with what they need from the old frontend system. */
import { useApi, useRouteRef } from '@backstage/core-plugin-api';
import { useEntity } from '@backstage/plugin-catalog-react';
import { useMemo } from 'react';
import { rootRouteRef } from '../routes-legacy';
import { vmMigrateApiRef } from '../surface/api-ref';
import { entityLink } from '../surface/entity-link';
import { linksUnder } from '../surface/links';
import type { SurfaceProps } from '../surface/surface';
import { EntityCard } from './entity-card';
import { EntityHistory } from './entity-history';

function useLegacySurface(): SurfaceProps {
  const api = useApi(vmMigrateApiRef);
  const root = useRouteRef(rootRouteRef)();
  return useMemo(() => ({ api, links: linksUnder(root, entityLink) }), [api, root]);
}

export function LegacyEntityHistory() {
  const { entity } = useEntity();
  return <EntityHistory entity={entity} {...useLegacySurface()} />;
}

export function LegacyEntityCard() {
  const { entity } = useEntity();
  return <EntityCard entity={entity} {...useLegacySurface()} />;
}
