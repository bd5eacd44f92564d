export { keepRule, migrationOptions, OPERATIONS } from './operations';
export type {
  MigrationOptions,
  OperationDefinition,
  OperationInput,
  OperationName,
} from './operations';
export type * from './views';
