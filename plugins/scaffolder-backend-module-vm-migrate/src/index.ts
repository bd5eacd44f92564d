/** vm-migrate's actions for Backstage's software templates. @packageDocumentation */
export { scaffolderModuleVmMigrate as default } from './module';
