/** VMs to pick from in a form: entities of the catalog, or those of the sources where the catalog has none. */
import { stringifyEntityRef } from '@backstage/catalog-model';
import type { CatalogApi } from '@backstage/plugin-catalog-react';
import {
  ANNOTATION_SOURCE,
  printable,
  VIRTUAL_MACHINE_TYPE,
  type ApiClient,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { referenceOf } from '../surface/vm-reference';

export interface VmOption {
  /** An entity ref, or SOURCE/NAME. */
  readonly value: string;
  readonly label: string;
}

/** @throws ApiError when neither answers */
export async function vmChoices(
  catalog: Pick<CatalogApi, 'getEntities'> | undefined,
  api: ApiClient,
  source: string | undefined,
): Promise<readonly VmOption[]> {
  // A catalog that does not answer is as good as none: the sources know their VMs.
  const entities = await catalogChoices(catalog, source).catch(() => []);
  return entities.length > 0 ? entities : sourceChoices(api, source);
}

async function catalogChoices(
  catalog: Pick<CatalogApi, 'getEntities'> | undefined,
  source: string | undefined,
): Promise<readonly VmOption[]> {
  if (catalog === undefined) return [];
  const { items } = await catalog.getEntities({
    filter: {
      kind: 'Resource',
      'spec.type': VIRTUAL_MACHINE_TYPE,
      ...(source === undefined ? {} : { [`metadata.annotations.${ANNOTATION_SOURCE}`]: source }),
    },
    fields: [
      'kind',
      'metadata.namespace',
      'metadata.name',
      'metadata.title',
      'metadata.annotations',
    ],
  });
  return items
    .map(entity => {
      const { title, name, annotations } = entity.metadata;
      const place = annotations?.[ANNOTATION_SOURCE];
      const words = printable(title ?? name);
      return {
        value: stringifyEntityRef(entity),
        label: place === undefined ? words : `${words} (${place})`,
      };
    })
    .sort(byLabel);
}

async function sourceChoices(
  api: ApiClient,
  source: string | undefined,
): Promise<readonly VmOption[]> {
  const vms = await api.call('getVms', source === undefined ? {} : { source });
  return vms
    .filter(({ error }) => error === null)
    .map(vm => ({
      value: referenceOf(vm, vms),
      label: `${printable(vm.name)} (${vm.source})`,
    }))
    .sort(byLabel);
}

function byLabel(a: VmOption, b: VmOption): number {
  return a.label.localeCompare(b.label, undefined, { numeric: true });
}
