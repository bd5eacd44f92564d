/** From what a form names, an entity or SOURCE/NAME, to what the operations take. */
import type { CatalogApi } from '@backstage/plugin-catalog-react';
import { useQuery } from '@tanstack/react-query';
import { isEntityRef, type ErrorView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { vmOf } from '../entity/entity-vm';
import { useWords } from '../parts/use-words';

export interface NamedVm {
  /** SOURCE/NAME or SOURCE/ID; undefined while it is looked for, or where there is none. */
  readonly reference: string | undefined;
  readonly error: ErrorView | undefined;
}

export function useNamedVm(
  catalog: Pick<CatalogApi, 'getEntityByRef'> | undefined,
  vm: string,
): NamedVm {
  const { t } = useWords();
  const isEntity = isEntityRef(vm);
  const { data, error } = useQuery({
    queryKey: ['vm of entity', vm],
    queryFn: async () => {
      const entity = await catalog?.getEntityByRef(vm);
      return (entity === undefined ? undefined : vmOf(entity)?.reference) ?? null;
    },
    enabled: isEntity,
    meta: { of: 'places' },
  });
  if (!isEntity) return { reference: vm, error: undefined };
  if (error !== null)
    return { reference: undefined, error: { code: 'INTERNAL', message: error.message } };
  if (data === null)
    return {
      reference: undefined,
      error: {
        code: 'VM_NOT_FOUND',
        message: t('vmPlan.noEntity', { vm }),
        hint: t('vmPlan.noEntityHint'),
      },
    };
  return { reference: data, error: undefined };
}
