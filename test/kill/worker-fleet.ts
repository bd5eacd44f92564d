/** Workers as real processes, each with its movers as children, and what may be done to them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfiguredPlace } from '../../packages/engine/src/engine';
import { moverProgram, TEST_WORKER_SETTINGS } from '../../packages/engine/src/testing/test-engine';
import type { WorkerSettings } from '../../packages/engine/src/worker/worker-options';
import { programBundle } from '../bundle-program';
import type { WorkerProgramInput } from './worker-program';

const LOG_LINES = 40;
/** Once for a test file. */
const bundled = programBundle(path.join(__dirname, 'worker-program.ts'));

export interface FleetOptions {
  readonly databaseUrl: string;
  /** Where the workers work: a local directory, or configured places. */
  readonly works:
    | { readonly classFolder: string }
    | {
        readonly sources: readonly ConfiguredPlace[];
        readonly targets: readonly ConfiguredPlace[];
      };
  readonly settings?: Partial<WorkerSettings>;
}

export class WorkerProcess {
  readonly log: string[] = [];
  readonly ended: Promise<void>;
  isStopped = false;
  private readonly child: ChildProcess;
  private hasEnded = false;

  constructor(program: string, input: WorkerProgramInput) {
    this.child = spawn(process.execPath, [program, JSON.stringify(input)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => {
      this.log.push(...chunk.toString('utf8').trimEnd().split('\n'));
      this.log.splice(0, this.log.length - LOG_LINES);
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.ended = new Promise(resolve => {
      this.child.once('exit', () => {
        this.hasEnded = true;
        resolve();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isAlive(): boolean {
    return !this.hasEnded;
  }

  get isReady(): boolean {
    return this.log.some(line => line.startsWith('worker '));
  }

  /** Process ids of the movers that it started and that live. */
  movers(): number[] {
    try {
      return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number);
    } catch {
      return [];
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isAlive) this.child.kill(signal);
  }
}

export class WorkerFleet {
  readonly workers: WorkerProcess[] = [];

  private constructor(
    private readonly program: string,
    private readonly options: FleetOptions,
  ) {}

  static async open(options: FleetOptions): Promise<WorkerFleet> {
    return new WorkerFleet(await bundled(), options);
  }

  start(count = 1, more: Pick<WorkerProgramInput, 'dieInProbe'> = {}): WorkerProcess[] {
    const { databaseUrl, works, settings } = this.options;
    const places = 'classFolder' in works ? localPlaces(works.classFolder) : works;
    const started = Array.from({ length: count }, () => {
      const input = {
        databaseUrl,
        ...places,
        moverProgram: moverProgram(),
        settings: { ...TEST_WORKER_SETTINGS, concurrency: 4, ...settings },
        ...more,
      };
      return new WorkerProcess(this.program, input);
    });
    this.workers.push(...started);
    return started;
  }

  /** Alive, at work and not stopped. */
  running(): WorkerProcess[] {
    return this.workers.filter(worker => worker.isAlive && worker.isReady && !worker.isStopped);
  }

  /** The end of what every worker said, for a failure's message. */
  logs(): string {
    return this.workers
      .map(
        worker => `${worker.pid} ${worker.isAlive ? 'alive' : 'ended'}: ${worker.log.join('\n  ')}`,
      )
      .join('\n');
  }

  /** All of them end well; what does not end is killed. */
  async end(): Promise<void> {
    await Promise.all(
      this.workers
        .filter(worker => worker.isAlive)
        .map(async worker => {
          for (const mover of worker.movers()) signalIfThere(mover, 'SIGCONT');
          worker.signal('SIGCONT');
          worker.signal('SIGTERM');
          const late = setTimeout(() => worker.signal('SIGKILL'), 15_000);
          await worker.ended;
          clearTimeout(late);
        }),
    );
    this.workers.splice(0);
  }

  /** The same as `end`, for lists of what is to be closed. */
  close(): Promise<void> {
    return this.end();
  }
}

function localPlaces(classFolder: string): Pick<WorkerProgramInput, 'sources' | 'targets'> {
  const options = { classes: { fast: { path: classFolder, default: true } } };
  return {
    sources: [],
    targets: [{ name: 'local', kind: 'local-directory', options, isDefault: true }],
  };
}

export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
