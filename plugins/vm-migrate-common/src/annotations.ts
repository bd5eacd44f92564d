/** Annotations of a VM's entity in the catalog: by these two a VM and its entity find each other. */

/** Configured name of the source that the VM is in. */
export const ANNOTATION_SOURCE = 'vm-migrate.io/source';
/** Id of the VM in its source, which stays when it is renamed. */
export const ANNOTATION_VM_ID = 'vm-migrate.io/vm-id';
/** Newest migration, and its state; kept up to date by the catalog module. */
export const ANNOTATION_MIGRATION = 'vm-migrate.io/migration';
export const ANNOTATION_STATE = 'vm-migrate.io/state';

/** `spec.type` of a VM's entity, which is a Resource. */
export const VIRTUAL_MACHINE_TYPE = 'virtual-machine';
