/** What the person may do, as the backend decides it; asked for in one request where several are asked at once. */
import { useApi } from '@backstage/frontend-plugin-api';
import { permissionApiRef } from '@backstage/plugin-permission-react';
import {
  migrationControlPermission,
  type limitsPermission,
  type planPermission,
  type startPermission,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useQuery } from '@tanstack/react-query';

/** A decision is as old as this at most; no event tells of a change. */
const ASK = { staleTime: 60_000, meta: { of: 'places' } } as const;

/** Undefined while it is not known. */
export function useMay(
  permission: typeof startPermission | typeof planPermission | typeof limitsPermission,
): boolean | undefined {
  const permissions = useApi(permissionApiRef);
  const { data } = useQuery({
    ...ASK,
    queryKey: ['may', permission.name],
    queryFn: async () => (await permissions.authorize({ permission })).result === 'ALLOW',
  });
  return data;
}

/** Ids of those migrations that may not be steered; undefined while it is not known. */
export function useRefusedControl(ids: readonly string[]): ReadonlySet<string> | undefined {
  const permissions = useApi(permissionApiRef);
  const sorted = [...ids].sort();
  const { data } = useQuery({
    ...ASK,
    queryKey: ['may control', sorted],
    queryFn: async () => {
      const decisions = await Promise.all(
        sorted.map(resourceRef =>
          permissions.authorize({ permission: migrationControlPermission, resourceRef }),
        ),
      );
      return new Set(sorted.filter((_, index) => decisions[index]?.result !== 'ALLOW'));
    },
  });
  return data;
}
