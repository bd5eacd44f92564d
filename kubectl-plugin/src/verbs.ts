/** Every verb, in the order in which help shows them within their group. */
import { background } from './commands/background';
import { bundle } from './commands/bundle';
import { cancel } from './commands/cancel';
import { pause, resume, retry } from './commands/change';
import { cleanup } from './commands/cleanup';
import { completion } from './commands/completion';
import { demo } from './commands/demo';
import { describe } from './commands/describe';
import { doctor } from './commands/doctor';
import { explain } from './commands/explain';
import { get } from './commands/get';
import { limits } from './commands/limits';
import { logs } from './commands/logs';
import { plan } from './commands/plan';
import { recover } from './commands/recover';
import { report } from './commands/report';
import { start } from './commands/start';
import { status } from './commands/status';
import { tree } from './commands/tree';
import { verify } from './commands/verify';
import { version } from './commands/version';
import { wait } from './commands/wait';
import { worker } from './commands/worker';
import { workerDeploy } from './commands/worker-deploy';
import type { Verb } from './verb';

export const VERBS: readonly Verb[] = [
  get,
  tree,
  status,
  describe,
  logs,
  plan,
  start,
  wait,
  pause,
  resume,
  retry,
  cancel,
  verify,
  report,
  worker,
  workerDeploy,
  limits,
  doctor,
  recover,
  cleanup,
  bundle,
  explain,
  completion,
  version,
  background,
  demo,
];
