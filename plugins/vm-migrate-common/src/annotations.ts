/** Annotations of entities in the catalog. By the first two a VM and its entity find each other. */

/** Configured name of the source that the VM is in. @public */
export const ANNOTATION_SOURCE = 'vm-migrate.io/source';
/** Id of the VM in its source, which stays when it is renamed. @public */
export const ANNOTATION_VM_ID = 'vm-migrate.io/vm-id';
/** Newest migration; kept up to date by the catalog module. @public */
export const ANNOTATION_MIGRATION = 'vm-migrate.io/migration';
/** Its state; kept up to date by the catalog module. @public */
export const ANNOTATION_STATE = 'vm-migrate.io/state';
/** How many snapshots the VM's own list has; absent where nobody knows. @public */
export const ANNOTATION_SNAPSHOTS = 'vm-migrate.io/snapshots';
/** Why the VM cannot be read. @public */
export const ANNOTATION_ERROR = 'vm-migrate.io/error';
/** Why its source cannot be read now: the rest of the entity is as it was last seen. @public */
export const ANNOTATION_SOURCE_ERROR = 'vm-migrate.io/source-error';

/**
 * Type of the location that the catalog module's entities are from; its target is the source's name.
 * Nobody who registers a file can claim it: the catalog writes the annotations of locations itself.
 * @public
 */
export const VM_LOCATION_TYPE = 'vm-migrate';

/** Of a migrated VM: the entity ref of the VM that it was. @public */
export const ANNOTATION_MIGRATED_FROM = 'vm-migrate.io/migrated-from';
/** Of a migrated VM: the target that it is on. @public */
export const ANNOTATION_TARGET = 'vm-migrate.io/target';
/** Of a migrated VM: its namespace there. @public */
export const ANNOTATION_NAMESPACE = 'vm-migrate.io/namespace';
/** Of a migrated VM: its volumes as a JSON object, disk -> name. @public */
export const ANNOTATION_VOLUMES = 'vm-migrate.io/volumes';

/** `spec.type` of a VM's entity, which is a Resource. @public */
export const VIRTUAL_MACHINE_TYPE = 'virtual-machine';
/** `spec.type` of what a migrated VM is on its target: a Resource that depends on the VM. @public */
export const MIGRATED_VIRTUAL_MACHINE_TYPE = 'migrated-virtual-machine';
