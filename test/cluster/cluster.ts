/**
 * The cluster that tests run on: one of our own as plain processes, or the one that
 * VM_MIGRATE_TEST_KUBECONFIG names.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { bringUp, startComponent } from './bring-up';
import { components, type ComponentName } from './components';
import { drivers, faultsFile, type DriverName, type Faults } from './drivers';
import { withFileLock } from './file-lock';
import { importImage } from './images';
import { instanceNamed, STATE_FOLDER, type Instance } from './instance';
import { containerdSocket } from './node-config';
import { kubeconfigFile } from './pki';
import { Processes } from './processes';
import { ensurePrograms, type Programs } from './programs';
import { whyNoCluster } from './requirements';
import { run } from './run';

/** What a cluster that is not ours cannot do. */
export class NotPossibleHere extends Error {
  constructor(what: string) {
    super(`not possible here: ${what} (VM_MIGRATE_TEST_KUBECONFIG names the cluster)`);
    this.name = 'NotPossibleHere';
  }
}

export interface Cluster {
  readonly name: string;
  /** Of an administrator. */
  readonly kubeconfigPath: string;
  /** kubectl of the cluster's version. */
  readonly kubectlPath: string;
  /** StorageClass that takes snapshots, for whoever needs no other. */
  readonly storageClass: string;
  /** Whether its pods can be given folders of this machine; else layers are pushed. */
  readonly hasFoldersOfThisMachine: boolean;

  /** Address of this machine that pods reach. @throws NotPossibleHere */
  readonly bridgeAddress: string;
  /** Name of the only node. @throws NotPossibleHere */
  readonly nodeName: string;

  /** The driver misbehaves so until the faults are cleared. @throws NotPossibleHere */
  setFault(driver: DriverName, faults: Faults): void;
  clearFaults(): void;

  /**
   * Ends one process of the cluster. A driver takes its sidecars along, which do not outlive it.
   * @throws NotPossibleHere
   */
  stop(component: ComponentName): Promise<void>;
  /** Starts it, if it does not run, and waits until it answers. @throws NotPossibleHere */
  start(component: ComponentName): Promise<void>;

  /**
   * Imports a docker or OCI archive; answers its names for a pod with imagePullPolicy Never: tags,
   * and repositories with the digest.
   * @throws NotPossibleHere where nobody says how
   */
  loadImage(tarPath: string): Promise<string[]>;
}

export interface ClusterOptions {
  /** Which of the clusters on this machine; default: VM_MIGRATE_TEST_CLUSTER, else the one of this worker of jest. */
  readonly name?: string;
  readonly log?: (line: string) => void;
}

/** Files of one worker run one after the other, so faults and stopped components are felt by one file. */
const ownName = () =>
  process.env.VM_MIGRATE_TEST_CLUSTER ?? `tests-${process.env.JEST_WORKER_ID ?? '1'}`;
/** Whether an instance is one of those. */
export const isTestInstance = (name: string) => /^tests-\d+$/.test(name);
const foreignKubeconfig = () => process.env.VM_MIGRATE_TEST_KUBECONFIG;

/** Whether tests run on a cluster whose processes they can stop. */
export const isOwnCluster = foreignKubeconfig() === undefined;

/** The cluster, brought up if it is not; the first time on a machine its programs are built. */
export async function ensureCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const foreign = foreignKubeconfig();
  if (foreign !== undefined) return new ForeignCluster(foreign);
  const why = whyNoCluster();
  if (why !== undefined) throw new Error(why);
  const log = options.log ?? (() => undefined);
  const instance = await instanceNamed(options.name ?? ownName());
  const programs = await ensurePrograms(line => process.stderr.write(`cluster: ${line}\n`));
  await withInstance(instance.name, () => bringUp(instance, programs, log));
  return new OwnCluster(instance, programs);
}

/** One process at a time changes an instance. */
export function withInstance<T>(name: string, body: () => Promise<T>): Promise<T> {
  return withFileLock(path.join(STATE_FOLDER, `.${name}.lock`), body);
}

class OwnCluster implements Cluster {
  readonly name: string;
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  readonly storageClass = 'fast';
  readonly hasFoldersOfThisMachine = true;
  readonly bridgeAddress: string;
  readonly nodeName: string;
  private readonly processes: Processes;
  private readonly components: ReturnType<typeof components>;

  constructor(
    private readonly instance: Instance,
    programs: Programs,
  ) {
    this.name = instance.name;
    this.kubeconfigPath = kubeconfigFile(instance, 'admin');
    this.kubectlPath = path.join(programs.kube, 'kubectl');
    this.bridgeAddress = instance.gateway;
    this.nodeName = instance.nodeName;
    this.processes = new Processes(instance.folder);
    this.components = components(instance, programs);
  }

  setFault(driver: DriverName, faults: Faults): void {
    const file = faultsFile(this.instance, driver);
    writeFileSync(`${file}.new`, JSON.stringify(faults));
    renameSync(`${file}.new`, file);
  }

  clearFaults(): void {
    for (const { name } of drivers) rmSync(faultsFile(this.instance, name), { force: true });
  }

  async stop(component: ComponentName): Promise<void> {
    for (const name of this.together(component).reverse()) {
      await this.processes.stop(name, this.components.get(name)?.stopWithinMs ?? 0);
    }
  }

  async start(component: ComponentName): Promise<void> {
    for (const name of this.together(component)) {
      await startComponent(this.instance, this.processes, this.components, name);
    }
  }

  loadImage(tarPath: string): Promise<string[]> {
    return Promise.resolve(importOnce(this.instance, tarPath));
  }

  private together(component: ComponentName): ComponentName[] {
    const driver = drivers.find(({ name }) => component === `driver-${name}`);
    if (driver === undefined) return [component];
    const sidecars: ComponentName[] = [`provisioner-${driver.name}`, `snapshotter-${driver.name}`];
    return [component, ...sidecars.filter(name => this.components.has(name))];
  }
}

/** An archive that has not changed since its import, which takes seconds, is not imported again. */
function importOnce(instance: Instance, tarPath: string): string[] {
  const { mtimeMs, size } = statSync(tarPath);
  const key = createHash('sha256').update(`${path.resolve(tarPath)} ${mtimeMs} ${size}`);
  // Beside the images themselves, with which it is wiped.
  const note = path.join(instance.folder, 'disk', `imported-${key.digest('hex').slice(0, 16)}`);
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as string[];
  const names = importImage(containerdSocket(instance), tarPath);
  writeFileSync(note, JSON.stringify(names));
  return names;
}

/** kind, k3s or a real cluster: everything works but what needs the machine below it. */
class ForeignCluster implements Cluster {
  readonly name = 'foreign';
  readonly kubectlPath = process.env.VM_MIGRATE_TEST_KUBECTL ?? 'kubectl';
  readonly storageClass = process.env.VM_MIGRATE_TEST_STORAGE_CLASS ?? 'fast';
  readonly hasFoldersOfThisMachine = false;

  constructor(readonly kubeconfigPath: string) {}

  /** VM_MIGRATE_TEST_HOST_ADDRESS says it where pods do reach this machine. */
  get bridgeAddress(): string {
    const address = process.env.VM_MIGRATE_TEST_HOST_ADDRESS;
    if (address === undefined) throw new NotPossibleHere('pods that reach this machine');
    return address;
  }

  get nodeName(): string {
    throw new NotPossibleHere('naming the only node');
  }

  setFault(): void {
    throw new NotPossibleHere('faults of the CSI driver');
  }

  clearFaults(): void {
    // None was ever set.
  }

  stop(component: ComponentName): Promise<void> {
    return Promise.reject(new NotPossibleHere(`stopping ${component}`));
  }

  start(component: ComponentName): Promise<void> {
    return Promise.reject(new NotPossibleHere(`starting ${component}`));
  }

  /** VM_MIGRATE_TEST_LOAD_IMAGE is given the archive and prints the image's names, one a line. */
  loadImage(tarPath: string): Promise<string[]> {
    const command = process.env.VM_MIGRATE_TEST_LOAD_IMAGE;
    if (command === undefined)
      return Promise.reject(
        new NotPossibleHere('loading an image: VM_MIGRATE_TEST_LOAD_IMAGE names no command for it'),
      );
    const printed = run('sh', '-c', `${command} "$1"`, 'sh', path.resolve(tarPath));
    return Promise.resolve(printed.split('\n').filter(line => /^\S+[:@]\S+$/.test(line)));
  }
}
