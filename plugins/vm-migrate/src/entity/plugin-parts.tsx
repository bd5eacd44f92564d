/** The parts of an entity's page with what they need from the new frontend system. */
import { useEntity } from '@backstage/plugin-catalog-react';
import { usePluginSurface } from '../surface/plugin-surface';
import { EntityCard } from './entity-card';
import { EntityHistory } from './entity-history';

export function PluginEntityHistory() {
  const { entity } = useEntity();
  return <EntityHistory entity={entity} {...usePluginSurface()} />;
}

export function PluginEntityCard() {
  const { entity } = useEntity();
  return <EntityCard entity={entity} {...usePluginSurface()} />;
}
