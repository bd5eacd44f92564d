/** The backend plugin of vm-migrate. @packageDocumentation */
export { vmMigratePlugin as default } from './plugin';
export {
  createMigrationConditionalDecision,
  migrationConditions,
  migrationResourceRef,
  type MigrationResource,
} from './permissions/rules';
