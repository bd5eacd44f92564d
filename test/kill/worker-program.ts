/**
 * A worker as a process of its own, for tests that kill and stop workers. Bundled by
 * worker-fleet.ts; the one argument is a WorkerProgramInput as JSON. Prints its worker id when it
 * runs, then what it logs; ends well on SIGTERM.
 */
import {
  openEngine,
  openTargetPlace,
  type ConfiguredPlace,
} from '../../packages/engine/src/engine';
import type { WorkerSettings } from '../../packages/engine/src/worker/worker-options';
import { dyingInProbe, type ProbeDeath } from './dying-in-probe';

export interface WorkerProgramInput {
  readonly databaseUrl: string;
  readonly sources: readonly ConfiguredPlace[];
  readonly targets: readonly ConfiguredPlace[];
  readonly moverProgram: string;
  readonly settings: Partial<WorkerSettings>;
  /** Where this worker kills itself. */
  readonly dieInProbe?: ProbeDeath;
}

async function main({
  databaseUrl,
  sources,
  targets,
  moverProgram,
  settings,
  dieInProbe,
}: WorkerProgramInput): Promise<void> {
  const engine = await openEngine({
    databaseUrl,
    databaseName: 'test',
    applicationName: 'vm-migrate test worker',
    sources,
    targets,
    moverProgram,
    ...(dieInProbe === undefined
      ? {}
      : {
          openTarget: async (place, mover) =>
            dyingInProbe(await openTargetPlace(place, mover), dieInProbe),
        }),
    // Many such workers share the one server of a test run, whose connections are two hundred.
    maxConnections: 4,
  });
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const worker = await engine.startWorker({
    surface: 'test',
    version: 'test',
    settings,
    log: print,
  });
  print(`worker ${worker.id}`);
  process.once('SIGTERM', () => {
    void worker
      .stop()
      .then(() => engine.close())
      .then(() => process.exit(0));
  });
}

void main(JSON.parse(process.argv[2] ?? '{}') as WorkerProgramInput).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
