/** Which VM an entity of the catalog is, by its annotations. */
import type { Entity } from '@backstage/catalog-model';
import {
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
  VIRTUAL_MACHINE_TYPE,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

export interface EntityVm {
  readonly source: string;
  readonly id: string;
  /** SOURCE/ID: what every operation takes as a VM. */
  readonly reference: string;
}

/** Undefined: an annotation is missing. */
export function vmOf(entity: Entity): EntityVm | undefined {
  const source = annotationOf(entity, ANNOTATION_SOURCE);
  const id = annotationOf(entity, ANNOTATION_VM_ID);
  if (source === undefined || id === undefined) return undefined;
  return { source, id, reference: `${source}/${id}` };
}

/** Of the two that make an entity a VM, those that this one lacks. */
export function missingAnnotations(entity: Entity): readonly string[] {
  return [ANNOTATION_SOURCE, ANNOTATION_VM_ID].filter(
    name => annotationOf(entity, name) === undefined,
  );
}

/** Entities whose page has our parts: VMs by their type, and whatever says by annotation that it is one. @public */
export function isVirtualMachine(entity: Entity): boolean {
  const isVmByType =
    entity.kind.toLocaleLowerCase('en-US') === 'resource' &&
    entity.spec?.['type'] === VIRTUAL_MACHINE_TYPE;
  return isVmByType || missingAnnotations(entity).length < 2;
}

function annotationOf(entity: Entity, name: string): string | undefined {
  const value = entity.metadata.annotations?.[name]?.trim();
  return value === '' ? undefined : value;
}
