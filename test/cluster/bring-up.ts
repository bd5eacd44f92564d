/** Brings an instance up and down. Both are safe to repeat, and after a kill of anything. */
import { mkdirSync, rmSync, writeFileSync, existsSync, statSync } from 'node:fs';
import path from 'node:path';

import { getObject, getText } from './api';
import { components, etcdAddress, type Component, type ComponentName } from './components';
import { drivers, driverSocket, driverState, provisionerOf } from './drivers';
import { importImage } from './images';
import type { Instance } from './instance';
import { clearMachine, endContainers, strays } from './leftovers';
import { ensureBridge, ensureCgroups, ensureXfs } from './machine';
import { classes } from './manifests';
import { containerdSocket, writeNodeConfig } from './node-config';
import { ensurePki, kubeconfigFile } from './pki';
import { endProcess, Processes } from './processes';
import type { Programs } from './programs';
import { runLater } from './run';
import { until } from './until';

type Log = (line: string) => void;

const READY_WITHIN_MS = 120_000;

export async function bringUp(instance: Instance, programs: Programs, log: Log): Promise<void> {
  const began = performance.now();
  const tell = (what: string) =>
    log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  const processes = new Processes(instance.folder);
  const all = components(instance, programs);
  const start = (name: ComponentName) => startComponent(instance, processes, all, name);

  await ensurePki(instance);
  ensureXfs(path.join(instance.folder, 'disk'));
  ensureBridge(instance);
  ensureCgroups(instance);
  writeNodeConfig(instance);
  for (const folder of ['run', 'csi', 'kubelet', 'podlogs']) {
    mkdirSync(path.join(instance.folder, folder), { recursive: true });
  }
  for (const { name } of drivers) mkdirSync(driverState(instance, name), { recursive: true });
  tell('certificates, disk, bridge');

  // containerd needs nobody and takes its time beside the API server.
  const containerd = start('containerd').then(() => ensurePause(instance, programs));
  await start('etcd');
  await start('kube-apiserver');
  tell('API server');
  await Promise.all([
    containerd.then(() => start('kubelet')),
    start('kube-controller-manager'),
    start('kube-scheduler'),
    ensureClasses(instance, programs),
    ...drivers.map(({ name }) => start(`driver-${name}`)),
  ]);
  tell('kubelet, CRDs and classes');
  await Promise.all([...all.keys()].map(start));
  await nodeIsReady(instance, processes);
  tell('ready');
}

/** Starts a component unless it runs, and waits until it answers. @throws Error with its last words */
export async function startComponent(
  instance: Instance,
  processes: Processes,
  all: ReadonlyMap<ComponentName, Component>,
  name: ComponentName,
): Promise<void> {
  const component = all.get(name);
  if (component === undefined) throw new Error(`no component is called ${name}`);
  processes.ensure(component);
  const answers = readyChecks(instance)[name];
  await until(`${name} of cluster ${instance.name}`, READY_WITHIN_MS, async () => {
    if (processes.pid(name) === undefined) processes.ensure(component);
    return answers === undefined || (await answers());
  }).catch((error: unknown) => {
    const words = processes.lastWords(name);
    throw new Error(`${String(error)}\n${processes.logFile(name)} ends with:\n${words}`);
  });
}

/** How to ask the components that others wait for. */
function readyChecks(
  instance: Instance,
): Partial<Record<ComponentName, () => boolean | Promise<boolean>>> {
  const driverChecks = Object.fromEntries(
    drivers.map(({ name }) => [`driver-${name}`, () => existsSync(driverSocket(instance, name))]),
  );
  return {
    etcd: async () => (await fetch(`${etcdAddress(instance)}/health`)).ok,
    'kube-apiserver': async () => (await getText(instance, '/readyz')) === 'ok',
    containerd: async () => {
      await runLater('ctr', '-a', containerdSocket(instance), 'version');
      return true;
    },
    kubelet: async () =>
      (await fetch(`http://127.0.0.1:${instance.ports.kubeletHealth}/healthz`)).ok,
    ...driverChecks,
  };
}

/** Imports the pause image unless this one is there. */
function ensurePause(instance: Instance, programs: Programs): void {
  const image = path.join(programs.csi, 'pause.tar');
  const done = path.join(instance.folder, 'disk', 'pause-imported');
  if (existsSync(done) && statSync(done).mtimeMs > statSync(image).mtimeMs) return;
  importImage(containerdSocket(instance), image);
  writeFileSync(done, '');
}

async function ensureClasses(instance: Instance, programs: Programs): Promise<void> {
  const kubectl = (...args: string[]) =>
    runLater(
      path.join(programs.kube, 'kubectl'),
      `--kubeconfig=${kubeconfigFile(instance, 'admin')}`,
      ...args,
    );
  const apply = (file: string) =>
    kubectl('apply', '--server-side', '--force-conflicts', '-f', file);
  await apply(path.join(programs.csi, 'crds'));
  const file = path.join(instance.folder, 'classes.json');
  writeFileSync(file, JSON.stringify(classes));
  // A CRD is served a moment after it was accepted.
  await until('the classes to be accepted', READY_WITHIN_MS, () => apply(file));
}

async function nodeIsReady(instance: Instance, processes: Processes): Promise<void> {
  interface Conditions {
    status: { conditions?: { type: string; status: string; lastHeartbeatTime: string }[] };
  }
  interface NodeDrivers {
    spec: { drivers: { name: string }[] | null };
  }
  const { nodeName } = instance;
  // What the kubelet said before it was restarted does not count. Its times are whole seconds.
  const saidSince = (time: string) => Date.parse(time) + 1_000 > processes.startedAt('kubelet');
  await until(`node ${nodeName} to be ready`, READY_WITHIN_MS, async () => {
    const { status } = await getObject<Conditions>(instance, `/api/v1/nodes/${nodeName}`);
    return status.conditions?.some(
      condition =>
        condition.type === 'Ready' &&
        condition.status === 'True' &&
        saidSince(condition.lastHeartbeatTime),
    );
  });
  await until('the CSI drivers to be registered', READY_WITHIN_MS, async () => {
    const csiNode = `/apis/storage.k8s.io/v1/csinodes/${nodeName}`;
    const { spec } = await getObject<NodeDrivers>(instance, csiNode);
    const names = new Set(spec.drivers?.map(({ name }) => name));
    return drivers.every(({ name }) => names.has(provisionerOf(name)));
  });
  await until('the default ServiceAccount', READY_WITHIN_MS, () =>
    getText(instance, '/api/v1/namespaces/default/serviceaccounts/default'),
  );
}

/** Ends everything; what it knows (objects, volumes, images) stays for the next time. */
export async function takeDown(instance: Instance): Promise<void> {
  const processes = new Processes(instance.folder);
  // Only names and patience are asked for: what was built may be gone.
  const all = components(instance, { kube: '', csi: '' });
  const stop = (name: ComponentName) => processes.stop(name, all.get(name)?.stopWithinMs ?? 0);
  // Nobody may start a container or mount a volume while they are cleared away.
  await stop('kubelet');
  await stop('containerd');
  await endContainers(instance);
  const last: ComponentName[] = ['kube-apiserver', 'etcd'];
  await Promise.all([...all.keys()].filter(name => !last.includes(name)).map(stop));
  for (const name of last) await stop(name);
  await Promise.all(strays(instance).map(pid => endProcess(pid, 0)));
  await clearMachine(instance);
}

/** Takes it down and forgets it. */
export async function wipe(instance: Instance): Promise<void> {
  await takeDown(instance);
  rmSync(instance.folder, { recursive: true, force: true });
}
