export { errorCodes, explainError } from './explain-error';
export { ERROR_CODES, EngineError, toEngineError, type ErrorCode, type ErrorData } from './errors';
export * from './config';
export {
  openEngine,
  openTargetPlace,
  type ConfiguredPlace,
  openSourcePlace,
  type CallerView,
  type Engine,
  type EngineOptions,
  type EngineWorkerOptions,
  type Operations,
} from './engine';
export { FULL_ACCESS, type Access, type Caller, type VmEntity } from './operations/caller';
export { inScope, type MigrationScope, type ScopedRow } from './store/migration-scope';
export { withSetting, type DatabaseConnection } from './store/connection';
export type { OperationAnswer } from './operations/table';
export type { Plan } from './plan/plan';
export type { RequestedOptions } from './plan/migrations-file';
export { parseMigrationsFile } from './plan/parse-migrations-file';
export { parsePlan } from './plan/parse-plan';
export { planDifference } from './plan/plan-difference';
export { planDigest } from './plan/plan-digest';
export { offeredNames, type OfferedNames } from './operations/offered-names';
export { lastKnownDatabase } from './store/background-files';
export { planOf } from './store/migrations';
export type { PlaceRow } from './store/store';
export type { Source } from './sources/source';
export type { Target } from './targets/target';
export type { Mover } from './mover/mover';
export type { Worker, WorkerHealth } from './worker/worker';
export { METRICS, type MetricDefinition } from './metrics/instruments';
export type { WorkerSettings } from './worker/worker-options';
export {
  connectBackground,
  runBackground,
  type BackgroundClient,
} from './store/background-process';
export { databaseUrl, OWN_DATABASE_HINT, type DatabaseAddress } from './store/database-address';
export { removeServerFolder } from './store/server-folder';
export { runDoctor } from './doctor/run-doctor';
export { clusterReadiness, type ClusterReadiness } from './doctor/cluster-readiness';
export type { DoctorCheck } from './doctor/check';
export type { DryRun, PreviewedObject } from './operations/preview-plan';
export { targetRights } from './doctor/target-rights';
export { planWorkerDeployment, type WorkerDeploymentPlan } from './deploy/deploy-worker';
export type { DeployChoices } from './deploy/deploy-choices';
export type { AppliedObject } from './deploy/apply-objects';
