export { keepRule, migrationOptions, OPERATIONS } from './operations';
export type {
  MigrationOptions,
  OperationDefinition,
  OperationInput,
  OperationName,
} from './operations';
export type { OperationAnswers } from './answers';
export { fateOf, isRemoved, type CancelChoice, type ObjectFate } from './cancel-objects';
export {
  apiClient,
  setVmEntities,
  type ApiClient,
  type CallOptions,
  type ClientOptions,
} from './client';
export {
  ApiError,
  ERROR_STATUS,
  errorBody,
  statusOf,
  type ErrorBody,
  type ErrorCodeView,
  type ErrorDataView,
} from './errors';
export type { KeepCostView, PlanView } from './plan-view';
export { reportMarkdown } from './report/report-markdown';
export { HOW_TO_CHECK } from './report/report-notes';
export {
  API_VERSION,
  BACKSTAGE_PATH,
  ENTITIES_PATH,
  HEALTH_PATH,
  OPENAPI_PATH,
  operationPath,
  STREAM_BEAT_MS,
  STREAM_PATH,
} from './routes';
export {
  MAX_VM_ENTITIES,
  vmEntitiesInput,
  type VmEntitiesInput,
  type VmEntitiesView,
  type VmEntityOwner,
} from './vm-entities';
export { everyEvent } from './every-event';
export type { WatchOptions, WatchTimes } from './watch-events';
export type * from './views';
export { eventLog, logTime, logWords } from './words/event-log';
export { bytes, count, digits, duration, percent, scaled } from './words/figures';
export { firstLine, printable } from './words/printable';
export { shellWord } from './words/shell-word';
export {
  inWordsOf,
  withoutCommands,
  type ControlName,
  type ControlWords,
} from './words/surface-words';
