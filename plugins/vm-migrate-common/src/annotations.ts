/** Annotations of a VM's entity in the catalog: by these two a VM and its entity find each other. */

/** Configured name of the source that the VM is in. @public */
export const ANNOTATION_SOURCE = 'vm-migrate.io/source';
/** Id of the VM in its source, which stays when it is renamed. @public */
export const ANNOTATION_VM_ID = 'vm-migrate.io/vm-id';
/** Newest migration; kept up to date by the catalog module. @public */
export const ANNOTATION_MIGRATION = 'vm-migrate.io/migration';
/** Its state; kept up to date by the catalog module. @public */
export const ANNOTATION_STATE = 'vm-migrate.io/state';

/** `spec.type` of a VM's entity, which is a Resource. @public */
export const VIRTUAL_MACHINE_TYPE = 'virtual-machine';
