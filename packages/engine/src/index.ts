export { ERROR_CODES, EngineError, toEngineError, type ErrorCode, type ErrorData } from './errors';
export { openEngine, type ConfiguredPlace, type Engine, type EngineOptions, type EngineWorkerOptions } from './engine';
export type { OperationAnswer } from './operations/table';
export type { Plan } from './plan/plan';
export type { Worker, WorkerSettings } from './worker/worker';
export { connectBackground, runBackground, type BackgroundClient } from './store/background-process';
