/** VMs of vm-migrate's sources as entities of Backstage's catalog. @packageDocumentation */
export { catalogModuleVmMigrate as default } from './module';
