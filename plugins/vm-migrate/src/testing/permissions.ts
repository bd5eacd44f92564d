import type { PermissionApi } from '@backstage/plugin-permission-react';

type Asked = Parameters<PermissionApi['authorize']>[0];
type Decision = Awaited<ReturnType<PermissionApi['authorize']>>;

export type Allows = (asked: Asked) => boolean;

/** A person who may do what `allows` says. */
export function permissionsOf(allows: Allows): PermissionApi {
  return {
    authorize: asked => Promise.resolve({ result: allows(asked) ? 'ALLOW' : 'DENY' } as Decision),
  };
}
