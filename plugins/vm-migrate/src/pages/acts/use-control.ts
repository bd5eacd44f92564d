/** Which migrations the person may steer: decided for each one at the backend, asked for in one request. */
import { useApi } from '@backstage/frontend-plugin-api';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import { useQuery } from '@tanstack/react-query';
import { migrationControlPermission } from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** Ids of those that may not be steered; undefined while it is not known. */
export function useRefusedControl(ids: readonly string[]): ReadonlySet<string> | undefined {
  const permissions = useApi(permissionApiRef);
  const sorted = [...ids].sort();
  const { data } = useQuery({
    queryKey: ['may control', sorted],
    queryFn: async () => {
      const decisions = await Promise.all(
        sorted.map(resourceRef =>
          permissions.authorize({ permission: migrationControlPermission, resourceRef }),
        ),
      );
      return new Set(sorted.filter((_, index) => decisions[index]?.result !== 'ALLOW'));
    },
    staleTime: 60_000,
  });
  return data;
}
