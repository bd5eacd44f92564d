/**
 * npm run cluster -- up|down|status|wipe|build [--name NAME]
 * npm run cluster -- load ARCHIVE.tar [--name NAME]
 *
 * A one-node Kubernetes with CSI snapshots as plain processes; see README.md beside this file.
 */
import { parseArgs } from 'node:util';

import { takeDown, wipe } from './bring-up';
import { ensureCluster, withInstance } from './cluster';
import { drivers, faultsFile } from './drivers';
import { existingInstance, instanceNames, type Instance } from './instance';
import { kubeconfigFile } from './pki';
import { Processes, residentKib } from './processes';
import { ensurePrograms } from './programs';
import { whyNoCluster } from './requirements';

const USAGE =
  'usage: npm run cluster -- up|down|status|wipe|build [--name NAME]\n' +
  '       npm run cluster -- load ARCHIVE.tar [--name NAME]\n';

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', () => undefined);
const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string', default: 'default' } },
  });
  const [verb = '', file] = positionals;
  // The programs of other clusters must not be mistaken for this one's.
  delete process.env.VM_MIGRATE_TEST_KUBECONFIG;
  const why = whyNoCluster();
  if (why !== undefined) {
    process.stderr.write(`${why}\n`);
    return 1;
  }
  switch (verb) {
    case 'build':
      await ensurePrograms(say);
      return 0;
    case 'up':
      return up(values.name);
    case 'down':
      return existing(values.name, instance => takeDown(instance));
    case 'wipe':
      return existing(values.name, instance => wipe(instance));
    case 'status':
      for (const name of instanceNames()) status(name);
      return 0;
    case 'load':
      if (file === undefined) break;
      for (const name of await (await ensureCluster({ name: values.name })).loadImage(file)) {
        say(name);
      }
      return 0;
  }
  process.stderr.write(USAGE);
  return 2;
}

async function up(name: string): Promise<number> {
  const cluster = await ensureCluster({ name, log: say });
  say(`export KUBECONFIG=${cluster.kubeconfigPath}`);
  say(`kubectl of this version: ${cluster.kubectlPath}`);
  say(`pods reach this machine as ${cluster.bridgeAddress}`);
  const instance = existingInstance(name);
  if (instance) for (const driver of drivers) say(`faults: ${faultsFile(instance, driver.name)}`);
  return 0;
}

async function existing(name: string, body: (one: Instance) => Promise<void>): Promise<number> {
  const instance = existingInstance(name);
  if (instance !== undefined) await withInstance(name, () => body(instance));
  return 0;
}

function status(name: string): void {
  const instance = existingInstance(name);
  if (instance === undefined) return;
  const processes = new Processes(instance.folder);
  say(`${name}  ${instance.folder}  ${instance.subnet}  ${kubeconfigFile(instance, 'admin')}`);
  let totalKib = 0;
  for (const component of processes.names()) {
    const pid = processes.pid(component);
    const kib = pid === undefined ? 0 : residentKib(pid);
    totalKib += kib;
    const state = pid === undefined ? 'DEAD' : `${Math.round(kib / 1024)} MiB`;
    say(`  ${state.padStart(9)}  ${component}${pid === undefined ? '' : `  pid ${pid}`}`);
  }
  say(
    totalKib > 0 ? `  ${String(Math.round(totalKib / 1024)).padStart(5)} MiB  together` : '  down',
  );
}

main().then(
  status => (process.exitCode = status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
