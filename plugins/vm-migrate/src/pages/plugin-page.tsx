/** Gives the pages what they need from the new frontend system. */
import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import { useMemo } from 'react';
import { rootRouteRef } from '../routes';
import { vmMigrateApiRef } from '../surface/api-ref';
import { entityLink } from '../surface/entity-link';
import { linksUnder } from '../surface/links';
import { Pages } from './pages';

export function PluginPage() {
  const api = useApi(vmMigrateApiRef);
  const root = useRouteRef(rootRouteRef)?.() ?? '/vm-migrate';
  const links = useMemo(() => linksUnder(root, entityLink), [root]);
  return <Pages api={api} links={links} />;
}
