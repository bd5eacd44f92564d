/** What each operation answers; the schemas of openapi.json are made from these types. */
import type { PlanView } from './plan-view';
import type {
  CleanupView,
  DescriptionView,
  EventView,
  LayerView,
  LimitView,
  MigrationCountView,
  MigrationView,
  ObjectView,
  PlaceView,
  QueueView,
  RecoverView,
  ReportView,
  SnapshotView,
  SourceView,
  StartedView,
  StatusView,
  TargetView,
  TreeView,
  VerifyView,
  VmView,
  WorkerView,
} from './views';

export interface OperationAnswers {
  readonly getSources: SourceView[];
  readonly getTargets: TargetView[];
  readonly getVms: VmView[];
  readonly getMigrations: MigrationView[];
  readonly countMigrations: MigrationCountView;
  readonly getLayers: LayerView[];
  readonly getSnapshots: SnapshotView[];
  readonly getObjects: ObjectView[];
  readonly getWorkers: WorkerView[];
  readonly getQueue: QueueView;
  readonly getTree: TreeView;
  readonly getStatus: StatusView[];
  readonly describe: DescriptionView;
  readonly getEvents: EventView[];
  readonly getReport: ReportView;
  readonly getLimits: LimitView[];
  readonly getPlace: PlaceView;
  readonly plan: PlanView;
  readonly start: StartedView;
  readonly pause: MigrationView;
  readonly resume: MigrationView;
  readonly retry: MigrationView;
  readonly cancel: MigrationView;
  readonly verify: VerifyView;
  readonly setLimit: LimitView[];
  readonly recover: RecoverView;
  readonly cleanup: CleanupView;
}
