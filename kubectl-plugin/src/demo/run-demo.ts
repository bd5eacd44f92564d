/** `npm run demo`: an example VM is made, planned, migrated, verified and shown. */
import { spawnSync } from 'node:child_process';
import type { MigrationView } from '@vm-migrate/api';
import type { Engine } from '@vm-migrate/engine';
import { NO_CLUSTER_FLAGS } from '../cluster-flags';
import { demoFolder, ensureDemoFiles, removeDemo, type DemoFolder } from './demo-folder';
import { EXIT, type ExitCode } from '../exit-codes';
import { follow, isOver } from '../follow';
import { shellWord } from '../output/escape';
import { planText } from '../output/plan-text';
import { treeText } from '../output/tree-text';
import { openSession, type Session } from '../session';

const AGAIN = 'npm run demo';

/** @param outer of the command line; the demo has a session of its own */
export async function runDemo(
  outer: Session,
  { reset }: { readonly reset: boolean },
): Promise<ExitCode> {
  const folder = demoFolder(outer.program);
  // The user's own settings are of another world.
  for (const name of Object.keys(process.env))
    if (name.startsWith('VM_MIGRATE_')) delete process.env[name];
  if (reset) {
    await removeDemo(folder);
    outer.terminal.print(`Removed ${folder.folder}.`);
  }
  const none = {
    ...NO_CLUSTER_FLAGS,
    databaseUrl: undefined,
    databaseUrlFile: undefined,
    databaseService: undefined,
    stateFolder: undefined,
  };
  const session = openSession({
    ...outer,
    globals: { ...outer.globals, ...none, config: folder.config },
  });
  try {
    return await walkThrough(session, folder);
  } finally {
    await session.close();
  }
}

async function walkThrough(session: Session, folder: DemoFolder): Promise<ExitCode> {
  const { terminal } = session;
  const { bold } = terminal.style.palette;
  const written = ensureDemoFiles(folder);
  const engine = await session.engine();
  const vm = await vmReference(engine);
  const [known] = await engine.call('getMigrations', { vm });
  if (known !== undefined && (await isProved(engine, known))) {
    terminal.print([
      'The example VM is migrated and proved already; nothing to do. Start over with: npm run demo -- --reset',
      '',
    ]);
    return showResult(session, folder, known.id);
  }
  terminal.print([
    bold('1  A VM with a history'),
    `${written === 'written' ? 'Wrote' : 'Found'} an example VM in ${folder.vm}: two disks, six snapshots, one fork.`,
    '',
    bold('2  The plan'),
    planText(await engine.call('plan', { vm }), terminal.style, { ending: 'none' }),
    '',
    bold('3  The migration'),
    'First the storage class is proved to keep snapshots, for a few seconds. Then the base of each disk is written;',
    'before the next delta follows, a VolumeSnapshot is taken. Disks and branches run side by side.',
  ]);
  const id = await begin(engine, vm, known);
  const copied = await follow(session, { filter: { migration: id }, until: isOver });
  if (copied.how !== 'over') return detached(session);
  if (copied.views.some(({ state }) => state !== 'migrated')) return failed(session, folder, id);

  terminal.print([
    '',
    bold('4  The proof'),
    'Every VolumeSnapshot is restored, read whole, and compared with its chain of VMDK files.',
  ]);
  await (await session.engine()).call('verify', { migration: id });
  const read = await follow(session, { filter: { migration: id }, until: isOver });
  if (read.how !== 'over') return detached(session);
  if (read.views.some(({ state }) => state !== 'migrated')) return failed(session, folder, id);

  terminal.print(['', bold('5  The result')]);
  return showResult(session, folder, id);
}

async function vmReference(engine: Engine): Promise<string> {
  const [vm] = await engine.call('getVms', { source: 'demo' });
  if (vm === undefined)
    throw new Error('The example VM is gone. Start over with: npm run demo -- --reset');
  return `demo/${vm.id}`;
}

/** Its id; a migration of an earlier run goes on. */
async function begin(
  engine: Engine,
  vm: string,
  known: MigrationView | undefined,
): Promise<string> {
  if (known?.state === 'failed') await engine.call('retry', { migration: known.id });
  if (known?.state === 'paused') await engine.call('resume', { migration: known.id });
  if (known !== undefined && known.state !== 'canceled') return known.id;
  return (await engine.call('start', { vm })).migration;
}

async function isProved(engine: Engine, { id, state }: MigrationView): Promise<boolean> {
  if (state !== 'migrated') return false;
  const snapshots = await engine.call('getSnapshots', { migration: id });
  return snapshots
    .flatMap(({ volumeSnapshots }) => volumeSnapshots)
    .every(({ proof }) => proof === 'full');
}

async function showResult(session: Session, folder: DemoFolder, id: string): Promise<ExitCode> {
  const { terminal } = session;
  const engine = await session.engine();
  terminal.print(treeText(await engine.call('getTree', { vm: id }), terminal.style));
  terminal.print(['', terminal.style.palette.bold('Look for yourself'), ...commands(folder, id)]);
  return EXIT.done;
}

function commands(folder: DemoFolder, id: string): string[] {
  const program = programHere();
  return [
    `  export PATH=${shellWord(folder.bin)}:"$PATH" VM_MIGRATE_CONFIG=${shellWord(folder.config)}`,
    `  ${program}                     # where you are`,
    `  ${program} tree ${id}     # the picture above`,
    `  ${program} get layers          # the flag of every base and delta`,
    `  ${program} describe ${id} # what happened`,
    `  ${program} report ${id}   # what was done, with digests`,
    `  ${program} --help`,
  ];
}

/** As a kubectl plugin where there is a kubectl; the program by its own name does the same. */
function programHere(): string {
  return spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).error === undefined
    ? 'kubectl vm-migrate'
    : 'kubectl-vm_migrate';
}

function detached({ terminal, signals }: Session): ExitCode {
  terminal.say(['', `Detached; the work goes on. Come back with: ${AGAIN}`]);
  return signals.exitCode() ?? EXIT.interrupted;
}

function failed({ terminal }: Session, folder: DemoFolder, id: string): ExitCode {
  terminal.say([
    '',
    'Something failed. See:',
    `  export PATH=${shellWord(folder.bin)}:"$PATH" VM_MIGRATE_CONFIG=${shellWord(folder.config)}`,
    `  ${programHere()} describe ${id}`,
    `Try again with: ${AGAIN}`,
  ]);
  return EXIT.failed;
}
