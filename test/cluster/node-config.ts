/** Configuration files of containerd, the kubelet and CNI. Why each line is there: README.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { PAUSE_IMAGE } from './images';
import type { Instance } from './instance';
import { pkiFile } from './pki';
import { CNI_FOLDER } from './requirements';

export const containerdSocket = ({ folder }: Instance) => path.join(folder, 'run', 'c.sock');
export const containerdConfig = ({ folder }: Instance) => path.join(folder, 'containerd.toml');
export const kubeletConfig = ({ folder }: Instance) => path.join(folder, 'kubelet.yaml');
export const cniFolder = ({ folder }: Instance) => path.join(folder, 'cni');
export const cniLeases = ({ folder }: Instance) => path.join(folder, 'run', 'cni-leases');
/** libcni keeps results of all networks in one folder of the machine, named after the network. */
export const cniNetwork = ({ name }: Instance) => `vm-migrate-${name}`;

export function writeNodeConfig(instance: Instance): void {
  mkdirSync(cniFolder(instance), { recursive: true });
  writeFileSync(containerdConfig(instance), containerdToml(instance));
  // JSON is YAML.
  writeFileSync(kubeletConfig(instance), json(kubelet(instance)));
  writeFileSync(path.join(cniFolder(instance), '10-bridge.conflist'), json(network(instance)));
}

const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** Images and containers lie on the cluster's own XFS: overlayfs does not stack on every root. */
function containerdToml(instance: Instance): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${instance.folder}/disk/containerd"
state = "${instance.folder}/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt",
]
[grpc]
  address = "${containerdSocket(instance)}"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  device_ownership_from_security_context = true
  netns_mounts_under_state_dir = true
  tolerate_missing_hugetlb_controller = true
  disable_apparmor = true
  [${cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "${instance.folder}/run/runc"
  [${cri}.cni]
    bin_dir = "${CNI_FOLDER ?? ''}"
    conf_dir = "${cniFolder(instance)}"
`;
}

function kubelet(instance: Instance) {
  const { folder, gateway, ports } = instance;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: gateway,
    port: ports.kubelet,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: ports.kubeletHealth,
    tlsCertFile: pkiFile(instance, 'kubelet-serving.crt'),
    tlsPrivateKeyFile: pkiFile(instance, 'kubelet-serving.key'),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pkiFile(instance, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${containerdSocket(instance)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${instance.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    // A full or oddly mounted disk of the machine must not evict the pods of a test.
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
      'imagefs.inodesFree': '0%',
      'pid.available': '0%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    makeIPTablesUtilChains: false,
    resolvConf: '',
    volumePluginDir: `${folder}/kubelet/volumeplugins`,
    podLogsDir: `${folder}/podlogs`,
    syncFrequency: '10s',
    // With the controller manager's grace period: a lost node is known within 20 s, not 50 s.
    nodeStatusUpdateFrequency: '4s',
    nodeLeaseDurationSeconds: 12,
    serializeImagePulls: false,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    eventRecordQPS: 0,
    enableDebuggingHandlers: true,
  };
}

/** containerd runs the loopback plugin itself. No masquerading: pods reach this machine and no further. */
function network(instance: Instance) {
  const { subnet, firstPodAddress, gateway } = instance;
  return {
    cniVersion: '0.4.0',
    name: cniNetwork(instance),
    plugins: [
      {
        type: 'bridge',
        bridge: instance.bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: cniLeases(instance),
          ranges: [[{ subnet, rangeStart: firstPodAddress, gateway }]],
        },
      },
    ],
  };
}
