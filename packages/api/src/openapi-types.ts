/** The types whose schemas are in openapi.json: those that travel. */
export type { OperationAnswers } from './answers';
export type { ErrorBody, HostErrorBody } from './errors';
export type { EventView, HealthView } from './views';
export type { VmEntitiesView } from './vm-entities';
