/** Gives the pages what they need from the old frontend system. */
import { useApi, useRouteRef } from '@backstage/core-plugin-api';
import { useMemo } from 'react';
import { rootRouteRef } from '../routes-legacy';
import { vmMigrateApiRef } from '../surface/api-ref';
import { entityLink } from '../surface/entity-link';
import { linksUnder } from '../surface/links';
import { Pages } from './pages';

export function LegacyPage() {
  const api = useApi(vmMigrateApiRef);
  const root = useRouteRef(rootRouteRef)();
  const links = useMemo(() => linksUnder(root, entityLink), [root]);
  return <Pages api={api} links={links} />;
}
