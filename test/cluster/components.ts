/** The processes of a cluster and their command lines. Why each flag is there: README.md. */
import path from 'node:path';

import { drivers, driverSocket, driverState, provisionerOf, type DriverName } from './drivers';
import type { Instance } from './instance';
import { containerdConfig, kubeletConfig } from './node-config';
import { kubeconfigFile, pkiFile, SERVICE_SUBNET } from './pki';
import type { Command } from './processes';
import type { Programs } from './programs';

export type ComponentName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'containerd'
  | 'kubelet'
  | 'snapshot-controller'
  | `driver-${DriverName}`
  | `provisioner-${DriverName}`
  | `snapshotter-${DriverName}`;

export interface Component extends Command {
  readonly name: ComponentName;
  /** How long it may take to end when asked; 0: it is killed, its state is elsewhere. */
  readonly stopWithinMs: number;
}

/** Every component by name, in the order in which they start. */
export function components(
  instance: Instance,
  programs: Programs,
): ReadonlyMap<ComponentName, Component> {
  const all = [
    etcd(instance, programs),
    apiServer(instance, programs),
    ...controllers(instance, programs),
    containerd(instance),
    kubelet(instance, programs),
    snapshotController(instance, programs),
    ...storage(instance, programs),
  ];
  return new Map(all.map(component => [component.name, component]));
}

export const etcdAddress = ({ ports }: Instance) => `http://127.0.0.1:${ports.etcd}`;

function etcd(instance: Instance, { kube }: Programs): Component {
  const { folder, ports } = instance;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: 'etcd',
    program: path.join(kube, 'etcd'),
    stopWithinMs: 3_000,
    args: [
      '--name=etcd',
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=${etcdAddress(instance)}`,
      `--advertise-client-urls=${etcdAddress(instance)}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=etcd=${peer}`,
      '--log-level=warn',
      // A test cluster survives kill -9 of its processes; it need not survive a power cut.
      '--unsafe-no-fsync',
    ],
  };
}

function apiServer(instance: Instance, { kube }: Programs): Component {
  const pki = (file: string) => pkiFile(instance, file);
  return {
    name: 'kube-apiserver',
    program: path.join(kube, 'kube-apiserver'),
    stopWithinMs: 0,
    args: [
      `--etcd-servers=${etcdAddress(instance)}`,
      '--bind-address=0.0.0.0',
      `--secure-port=${instance.ports.api}`,
      `--advertise-address=${instance.gateway}`,
      '--endpoint-reconciler-type=none',
      `--service-cluster-ip-range=${SERVICE_SUBNET}`,
      '--allow-privileged=true',
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki('sa.pub')}`,
      `--service-account-signing-key-file=${pki('sa.key')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
      `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
      `--kubelet-certificate-authority=${pki('ca.crt')}`,
      '--kubelet-preferred-address-types=InternalIP,Hostname',
      '--profiling=false',
      '--shutdown-delay-duration=0s',
    ],
  };
}

function controllers(instance: Instance, { kube }: Programs): Component[] {
  const common = (name: ComponentName, port: number) => [
    `--kubeconfig=${kubeconfigFile(instance, name)}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--leader-elect=false',
    '--profiling=false',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
  return [
    {
      name: 'kube-controller-manager',
      program: path.join(kube, 'kube-controller-manager'),
      stopWithinMs: 2_000,
      args: [
        ...common('kube-controller-manager', instance.ports.controllerManager),
        '--use-service-account-credentials=true',
        `--service-account-private-key-file=${pkiFile(instance, 'sa.key')}`,
        `--root-ca-file=${pkiFile(instance, 'ca.crt')}`,
        '--pvclaimbinder-sync-period=5s',
        '--node-monitor-period=2s',
        '--node-monitor-grace-period=20s',
      ],
    },
    {
      name: 'kube-scheduler',
      program: path.join(kube, 'kube-scheduler'),
      stopWithinMs: 2_000,
      args: common('kube-scheduler', instance.ports.scheduler),
    },
  ];
}

function containerd(instance: Instance): Component {
  return {
    name: 'containerd',
    program: 'containerd',
    stopWithinMs: 3_000,
    args: ['--config', containerdConfig(instance)],
  };
}

function kubelet(instance: Instance, { kube }: Programs): Component {
  return {
    name: 'kubelet',
    program: path.join(kube, 'kubelet'),
    stopWithinMs: 3_000,
    args: [
      `--config=${kubeletConfig(instance)}`,
      `--kubeconfig=${kubeconfigFile(instance, 'kubelet')}`,
      `--hostname-override=${instance.nodeName}`,
      `--node-ip=${instance.gateway}`,
      `--root-dir=${instance.folder}/kubelet`,
      `--cert-dir=${instance.folder}/kubelet/pki`,
      '--v=2',
    ],
  };
}

/** Upstream waits up to five minutes after a failure; a test that heals a fault waits five seconds. */
const QUICK = [
  '--leader-election=false',
  '--retry-interval-start=200ms',
  '--retry-interval-max=5s',
  '--worker-threads=10',
  '--kube-api-qps=100',
  '--kube-api-burst=200',
];

function snapshotController(instance: Instance, { csi }: Programs): Component {
  return {
    name: 'snapshot-controller',
    program: path.join(csi, 'snapshot-controller'),
    stopWithinMs: 2_000,
    args: [`--kubeconfig=${kubeconfigFile(instance, 'csi')}`, ...QUICK],
  };
}

function storage(instance: Instance, { csi }: Programs): Component[] {
  return drivers.flatMap(driver => {
    const socket = driverSocket(instance, driver.name);
    const sidecar = [
      `--kubeconfig=${kubeconfigFile(instance, 'csi')}`,
      `--csi-address=${socket}`,
      '--extra-create-metadata',
      '--timeout=600s',
      ...QUICK,
    ];
    const made: Component[] = [
      {
        name: `driver-${driver.name}`,
        program: path.join(csi, 'driver'),
        stopWithinMs: 2_000,
        args: [
          `-name=${provisionerOf(driver.name)}`,
          `-node=${instance.nodeName}`,
          `-socket=${socket}`,
          `-state=${driverState(instance, driver.name)}`,
          `-registry=${instance.folder}/kubelet/plugins_registry`,
          ...driver.flags,
        ],
      },
      {
        name: `provisioner-${driver.name}`,
        program: path.join(csi, 'csi-provisioner'),
        stopWithinMs: 2_000,
        args: ['--feature-gates=Topology=false', ...sidecar],
      },
    ];
    // The sidecar ends at once beside a driver that takes no snapshots.
    if (driver.takesSnapshots) {
      made.push({
        name: `snapshotter-${driver.name}`,
        program: path.join(csi, 'csi-snapshotter'),
        stopWithinMs: 2_000,
        args: sidecar,
      });
    }
    return made;
  });
}
