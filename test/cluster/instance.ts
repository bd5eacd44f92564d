/**
 * One cluster on this machine. Everything that two clusters could collide on is made from its name
 * and its index, so any number of them live side by side.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { withFileLock } from './file-lock';

export interface Instance {
  readonly name: string;
  /** Lowest number that no other instance had when this one was made. */
  readonly index: number;
  /** Everything it keeps: certificates, etcd, volumes, images, logs. */
  readonly folder: string;
  readonly nodeName: string;
  /** Linux bridge that its pods hang on; `gateway` is this machine's address on it. */
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly firstPodAddress: string;
  /** Parent of the cgroups of all its pods, relative to the root of each hierarchy. */
  readonly cgroup: string;
  readonly ports: Ports;
}

export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly api: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kubelet: number;
  readonly kubeletHealth: number;
}

const FIRST_PORT = 21_000;
const PORTS_EACH = 10;
const MOST_INSTANCES = 200;

/** Where instances live. Short: a socket below it has at most 107 bytes of path. */
export const STATE_FOLDER = process.env.VM_MIGRATE_CLUSTER_STATE ?? '/var/lib/vm-migrate-cluster';

/** The instance of that name; the first caller gives it its index. */
export function instanceNamed(name: string): Promise<Instance> {
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(name)) {
    throw new Error(`an instance is called [a-z][a-z0-9-]*, 16 letters at most, not '${name}'`);
  }
  return withFileLock(path.join(STATE_FOLDER, '.instances.lock'), () =>
    Promise.resolve(describe(name, indexOf(name) ?? newIndex(name))),
  );
}

/** The instance if it was ever made, without making it. */
export function existingInstance(name: string): Instance | undefined {
  const index = indexOf(name);
  return index === undefined ? undefined : describe(name, index);
}

/** Names of the instances that were made and not wiped. */
export function instanceNames(): string[] {
  if (!existsSync(STATE_FOLDER)) return [];
  return readdirSync(STATE_FOLDER).filter(name => indexOf(name) !== undefined);
}

const indexFile = (name: string) => path.join(STATE_FOLDER, name, 'index');

function indexOf(name: string): number | undefined {
  const file = indexFile(name);
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
}

function newIndex(name: string): number {
  const taken = new Set(instanceNames().map(indexOf));
  for (let index = 0; index < MOST_INSTANCES; index++) {
    if (taken.has(index)) continue;
    mkdirSync(path.join(STATE_FOLDER, name), { recursive: true });
    writeFileSync(indexFile(name), String(index));
    return index;
  }
  throw new Error(`${MOST_INSTANCES} clusters are more than this machine holds`);
}

function describe(name: string, index: number): Instance {
  const port = (offset: number) => FIRST_PORT + index * PORTS_EACH + offset;
  const network = `10.213.${index}`;
  return {
    name,
    index,
    folder: path.join(STATE_FOLDER, name),
    nodeName: `node-${name}`,
    bridge: `vmmig${index}`,
    subnet: `${network}.0/24`,
    gateway: `${network}.1`,
    firstPodAddress: `${network}.10`,
    cgroup: `vm-migrate-${name}`,
    ports: {
      etcd: port(0),
      etcdPeer: port(1),
      api: port(2),
      controllerManager: port(3),
      scheduler: port(4),
      kubelet: port(5),
      kubeletHealth: port(6),
    },
  };
}
