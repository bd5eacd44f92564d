import { parseEntityRef } from '@backstage/catalog-model';

/** Where Backstage's catalog shows an entity, unless the app put it elsewhere. */
export function entityLink(entityRef: string): string {
  const { kind, namespace, name } = parseEntityRef(entityRef, {
    defaultKind: 'Resource',
    defaultNamespace: 'default',
  });
  const part = (text: string) => encodeURIComponent(text.toLocaleLowerCase('en-US'));
  return `/catalog/${part(namespace)}/${part(kind)}/${encodeURIComponent(name)}`;
}
