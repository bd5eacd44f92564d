/**
 * The demo's own world: `.demo/` in the checkout, apart from the user's state; in the folder
 * VM_MIGRATE_DEMO_PARENT where that is set, so that a test leaves a developer's own alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadEngine } from '../engine-library';
import { UsageError } from '../usage-error';

export interface DemoFolder {
  readonly root: string;
  readonly folder: string;
  readonly config: string;
  readonly stateFolder: string;
  /** Of the example VM. */
  readonly vm: string;
  /** The checkout's folder with the plugin's program, for PATH. */
  readonly bin: string;
}

const CONFIG = `# Written by \`npm run demo\`; removed by \`npm run demo -- --reset\`.
vmMigrate:
  stateFolder: state
  sources:
    demo:
      kind: vm-directory
      folder: vms
  targets:
    local:
      kind: local-directory
      default: true
      classes:
        fast:
          folder: volumes
          snapshots: auto
          default: true
`;

/** @param program this program's file, in its checkout */
export function demoFolder(program: string): DemoFolder {
  const root = path.resolve(path.dirname(program), '..', '..');
  const folder = path.join(process.env['VM_MIGRATE_DEMO_PARENT'] ?? root, '.demo');
  if (!existsSync(writer(root)))
    throw new UsageError(
      'the demo is part of the source checkout',
      'Clone the repository and run there: npm run demo',
    );
  return {
    root,
    folder,
    config: path.join(folder, 'config.yaml'),
    stateFolder: path.join(folder, 'state'),
    vm: path.join(folder, 'vms', 'example'),
    bin: path.join(root, 'kubectl-plugin', 'bin'),
  };
}

/** Files that are there are left alone. */
export function ensureDemoFiles({ root, folder, config, vm }: DemoFolder): 'written' | 'there' {
  // Readable by everyone: as root, PostgreSQL runs from here as another user.
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  if (!existsSync(config)) writeFileSync(config, CONFIG);
  if (existsSync(vm)) return 'there';
  mkdirSync(path.dirname(vm), { recursive: true });
  const draft = path.join(folder, 'example.draft');
  rmSync(draft, { recursive: true, force: true });
  const { status, stderr, error } = spawnSync(process.execPath, [writer(root), draft], {
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`The example VM could not be written: ${error?.message ?? stderr}`);
  renameSync(draft, vm);
  return 'written';
}

/** A program of its own: the product holds no code of its tests. */
function writer(root: string): string {
  return path.join(root, 'test', 'dist', 'example-vm.cjs');
}

/** Ends the demo's background process, by its own pid, and removes everything. */
export async function removeDemo({ folder, stateFolder }: DemoFolder): Promise<void> {
  const pid = backgroundPid(stateFolder);
  if (pid !== undefined) await endProcess(pid);
  const { removeServerFolder } = await loadEngine();
  if (existsSync(path.join(stateFolder, 'postgres'))) removeServerFolder(stateFolder);
  rmSync(folder, { recursive: true, force: true });
}

/** Undefined when nothing runs; a pid that another program has got since is not taken. */
function backgroundPid(stateFolder: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(path.join(stateFolder, 'connection.json'), 'utf8')) as {
      pid?: unknown;
    };
    if (typeof pid !== 'number') return undefined;
    const { stdout } = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    const command = existsSync('/proc/self/cmdline')
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : stdout;
    return command.includes('background') && command.includes(stateFolder) ? pid : undefined;
  } catch {
    return undefined;
  }
}

const END_MS = 30_000;

async function endProcess(pid: number): Promise<void> {
  const until = performance.now() + END_MS;
  process.kill(pid, 'SIGTERM');
  while (isRunning(pid)) {
    if (performance.now() > until)
      throw new Error(`The demo's background process ${pid} does not end.`);
    await sleep(50);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
