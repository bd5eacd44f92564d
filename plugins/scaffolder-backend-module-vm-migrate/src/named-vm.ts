/** From what a template names, an entity or SOURCE/NAME, to what the operations take. */
import type { BackstageCredentials } from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import {
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
  isEntityRef,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { TemplateError } from './call-backend';

/**
 * SOURCE/NAME or SOURCE/ID.
 * @throws TemplateError VM_NOT_FOUND when the entity is none that this person may read, or no VM
 */
export async function namedVm(
  catalog: CatalogService,
  credentials: BackstageCredentials,
  vm: string,
): Promise<string> {
  if (!isEntityRef(vm)) return vm;
  const entity = await catalog.getEntityByRef(vm, { credentials });
  if (entity === undefined)
    throw new TemplateError(
      'VM_NOT_FOUND',
      `The catalog has no entity ${vm}, or none that you may read. Look for it in the catalog: kind Resource, type virtual-machine.`,
    );
  const { [ANNOTATION_SOURCE]: source, [ANNOTATION_VM_ID]: id } = entity.metadata.annotations ?? {};
  if (source === undefined || id === undefined)
    throw new TemplateError(
      'VM_NOT_FOUND',
      `${vm} is not the entity of a VM: it lacks the annotation ${source === undefined ? ANNOTATION_SOURCE : ANNOTATION_VM_ID}. Choose one of kind Resource and type virtual-machine.`,
    );
  return `${source}/${id}`;
}
