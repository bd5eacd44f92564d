/** What a cluster leaves on a machine when its processes end, however they ended. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import type { Instance } from './instance';
import { mountsUnder, processesInCgroups, removeBridge, removeCgroups } from './machine';
import { cniLeases, cniNetwork, containerdSocket } from './node-config';
import { allProcesses, endProcess } from './processes';
import { run, runIfPossible } from './run';
import { until } from './until';

const PATIENCE_MS = 10_000;

/** Kills containers and the shims that hold them. The kubelet and containerd are gone by now. */
export async function endContainers(instance: Instance): Promise<void> {
  await Promise.all(shims(instance).map(pid => endProcess(pid, 0)));
  await until('the containers to end', PATIENCE_MS, async () => {
    const left = processesInCgroups(instance);
    await Promise.all(left.map(pid => endProcess(pid, 0)));
    return left.length === 0;
  });
}

/** Processes of this instance without a pid file: those that were started as the starter was killed. */
export function strays(instance: Instance): number[] {
  const mark = `${instance.folder}/`;
  return allProcesses()
    .filter(
      ({ pid, program, args }) =>
        pid !== process.pid && isOfCluster(program) && args.some(arg => arg.includes(mark)),
    )
    .map(({ pid }) => pid);
}

const PROGRAMS = new Set([
  'hyper',
  'etcd',
  'driver',
  'csi-provisioner',
  'csi-snapshotter',
  'snapshot-controller',
  'containerd',
]);
const isOfCluster = (program: string) => PROGRAMS.has(path.basename(program));

export function shims(instance: Instance): number[] {
  return allProcesses()
    .filter(
      ({ program, args }) =>
        path.basename(program).startsWith('containerd-shim') &&
        args.includes(containerdSocket(instance)),
    )
    .map(({ pid }) => pid);
}

/** Removes mounts, loop devices, network and cgroups. No process of the instance runs any more. */
export async function clearMachine(instance: Instance): Promise<void> {
  removeShimSockets(instance);
  await clearMounts(instance);
  removeBridge(instance);
  for (const folder of ['run', 'csi', 'kubelet/plugins_registry']) {
    rmSync(path.join(instance.folder, folder), { recursive: true, force: true });
  }
  rmSync(cniLeases(instance), { recursive: true, force: true });
  removeCniResults(instance);
  await until('the cgroups to be removed', PATIENCE_MS, () => {
    removeCgroups(instance);
    return true;
  });
}

/**
 * A Block volume has two loop devices: the driver's on the file, and the kubelet's on the device that
 * the driver published. The upper one goes first, while its path still names it: after an unmount
 * nobody can tell whose it was.
 */
async function clearMounts(instance: Instance): Promise<void> {
  const disk = path.join(instance.folder, 'disk');
  await until('the mounts to be gone', PATIENCE_MS, () => {
    detachLoopsOn(path.join(instance.folder, 'kubelet'));
    for (const target of mountsUnder(instance.folder)) {
      if (target !== disk) run('umount', target);
    }
    detachLoopsOn(path.join(disk, 'volumes'));
    if (mountsUnder(disk).length > 0) run('umount', disk);
    return mountsUnder(instance.folder).length === 0;
  });
}

/** Loop devices on files below a folder, as [device, file]. */
export function loopsOn(folder: string): [device: string, file: string][] {
  return run('losetup', '--noheadings', '--raw', '--list', '--output', 'NAME,BACK-FILE')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, file = '']) => file.startsWith(`${folder}/`))
    .map(([device = '', file = '']) => [device, file]);
}

function detachLoopsOn(folder: string): void {
  for (const [device] of loopsOn(folder)) runIfPossible('losetup', '--detach', device);
}

/** Shims listen in a folder that all containerds of a machine share; each notes its own socket. */
function removeShimSockets(instance: Instance): void {
  const bundles = path.join(instance.folder, 'run/containerd/io.containerd.runtime.v2.task/k8s.io');
  if (!existsSync(bundles)) return;
  for (const bundle of readdirSync(bundles)) {
    const note = path.join(bundles, bundle, 'address');
    if (!existsSync(note)) continue;
    const socket = readFileSync(note, 'utf8').replace(/^unix:\/\//, '');
    if (socket.startsWith('/run/containerd/s/')) rmSync(socket, { force: true });
  }
}

function removeCniResults(instance: Instance): void {
  const results = '/var/lib/cni/results';
  if (!existsSync(results)) return;
  for (const file of readdirSync(results)) {
    if (file.startsWith(`${cniNetwork(instance)}-`)) rmSync(path.join(results, file));
  }
}
