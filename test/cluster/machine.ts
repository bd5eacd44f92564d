/** What an instance needs of the machine: a file system with reflinks, a bridge, cgroups. */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import type { Instance } from './instance';
import { run, runIfPossible } from './run';

/** Sparse: it takes what is written. */
const DISK_BYTES = 60 * 1024 ** 3;

/** Mounts an XFS on a sparse file `FOLDER.img` at FOLDER, unless it is mounted. */
export function ensureXfs(folder: string, sizeBytes = DISK_BYTES): void {
  mkdirSync(folder, { recursive: true });
  if (mountsUnder(folder).includes(folder)) return;
  const image = `${folder}.img`;
  if (!existsSync(image)) {
    const file = openSync(`${image}.new`, 'w');
    ftruncateSync(file, sizeBytes);
    closeSync(file);
    run('mkfs.xfs', '-q', '-f', '-m', 'reflink=1', `${image}.new`);
    run('mv', `${image}.new`, image);
  }
  run('mount', '-o', 'loop,discard', image, folder);
}

/** Mount points at or below a folder, the latest first. */
export function mountsUnder(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .filter(target => target === folder || target.startsWith(`${folder}/`))
    .reverse();
}

/** Made before the first pod, so that servers of tests can listen on its address. */
export function ensureBridge({ bridge, gateway }: Instance): void {
  if (!existsSync(`/sys/class/net/${bridge}`)) run('ip', 'link', 'add', bridge, 'type', 'bridge');
  runIfPossible('ip', 'address', 'add', `${gateway}/24`, 'dev', bridge);
  run('ip', 'link', 'set', bridge, 'up');
}

/** Removes the bridge and the host ends of its pods' network. */
export function removeBridge({ bridge }: Instance): void {
  const ports = `/sys/class/net/${bridge}/brif`;
  if (!existsSync(ports)) return;
  for (const port of readdirSync(ports)) runIfPossible('ip', 'link', 'delete', port);
  run('ip', 'link', 'delete', bridge);
}

const CGROUPS = '/sys/fs/cgroup';

/** The instance's folder in each cgroup hierarchy that there is; in one of them with cgroup v2. */
export function cgroupFolders({ cgroup }: Instance): string[] {
  const isUnified = existsSync(path.join(CGROUPS, 'cgroup.controllers'));
  const hierarchies = isUnified
    ? [CGROUPS]
    : readdirSync(CGROUPS).map(name => path.join(CGROUPS, name));
  return hierarchies.map(hierarchy => path.join(hierarchy, cgroup));
}

/** The kubelet wants its root to be there. */
export function ensureCgroups(instance: Instance): void {
  for (const folder of cgroupFolders(instance)) {
    mkdirSync(folder, { recursive: true });
    // A v1 cpuset admits no process before it has CPUs and memory.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const own = path.join(folder, file);
      const parents = path.join(path.dirname(folder), file);
      if (existsSync(own) && existsSync(parents) && readFileSync(own, 'utf8').trim() === '') {
        writeFileSync(own, readFileSync(parents));
      }
    }
  }
}

/** Processes in the instance's cgroups: those of its containers, whoever started them. */
export function processesInCgroups(instance: Instance): number[] {
  const pids = cgroupFolders(instance)
    .filter(existsSync)
    .flatMap(folder =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(file => path.basename(file) === 'cgroup.procs')
        .flatMap(file => readFileSync(path.join(folder, file), 'utf8').split('\n')),
    );
  return [...new Set(pids.filter(Boolean).map(Number))];
}

export function removeCgroups(instance: Instance): void {
  for (const folder of cgroupFolders(instance).filter(existsSync)) {
    run('find', folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';');
  }
}
