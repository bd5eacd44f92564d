/**
 * Which volume and access modes a storage class gives, for clusters without CDI's StorageProfiles.
 * Facts from kubevirt/containerized-data-importer v1.66.0, pkg/storagecapabilities (Apache-2.0):
 * key = provisioner, with a suffix where parameters of the class decide; modes in CDI's order of
 * preference. A driver that is not listed is asked for ReadWriteOnce; the probe decides.
 */
import type { AccessMode, StorageClassObject, VolumeMode } from './cluster/resources';

export interface VolumeModes {
  readonly volumeMode: VolumeMode;
  readonly accessMode: AccessMode;
}

/** `undefined`: the table does not know this provisioner, or not with these parameters. */
export function knownModes(storageClass: StorageClassObject): readonly VolumeModes[] | undefined {
  return MODES[keyOf(storageClass)]?.split(' ').map(parse);
}

/** Smallest volume that the provisioner makes; 0 = it does not say. */
export function leastVolumeBytes(storageClass: StorageClassObject): number {
  return (LEAST_GIB[keyOf(storageClass)] ?? 0) * 1024 ** 3;
}

function parse(words: string): VolumeModes {
  const [access, mode] = words.split('/');
  const accessMode: AccessMode =
    access === 'RWX' ? 'ReadWriteMany' : access === 'ROX' ? 'ReadOnlyMany' : 'ReadWriteOnce';
  return { accessMode, volumeMode: mode === 'Block' ? 'Block' : 'Filesystem' };
}

function keyOf({ provisioner, parameters = {} }: StorageClassObject): string {
  const suffix = SUFFIX[provisioner]?.(parameters) ?? '';
  return suffix === '' ? provisioner : `${provisioner}/${suffix}`;
}

type Parameters = Readonly<Record<string, string>>;
type Suffix = (parameters: Parameters) => string;

const nfsMounts = (parameters: Parameters): boolean => {
  const options = parameters['sharedv4_mount_options'] ?? '';
  return options.includes('vers=3.0') && options.includes('nolock');
};
const nfsFileSystem: Suffix = parameters =>
  parameters['csi.storage.k8s.io/fstype'] === 'nfs' ? 'nfs' : '';
const nfsProtocol: Suffix = parameters => (parameters['protocol'] === 'nfs' ? 'nfs' : '');
/** Leads to no entry: CDI does not guess here either. */
const UNKNOWN = 'unknown';

const SUFFIX: Readonly<Record<string, Suffix>> = {
  'kubevirt.io.hostpath-provisioner': ({ overlayCSI }) =>
    overlayCSI === undefined ? '' : 'overlay',
  'kubernetes.io/portworx-volume': parameters => (nfsMounts(parameters) ? 'nfs' : ''),
  'pxd.portworx.com': parameters => {
    const { backend } = parameters;
    if (backend === 'pure_block' || backend === 'pure_fa_file') return backend;
    return backend === undefined && nfsMounts(parameters) ? 'nfs' : '';
  },
  'csi.trident.netapp.io': ({ backendType = '', selector = '' }) => {
    if (backendType.startsWith('ontap-nas')) return 'ontap-nas';
    if (backendType.startsWith('ontap-san')) return 'ontap-san';
    return backendType === 'google-cloud-netapp-volumes' && selector.includes('performance=flex')
      ? 'gcnv-flex'
      : UNKNOWN;
  },
  'infinibox-csi-driver': ({ storage_protocol: protocol = '' }) => {
    if (protocol === 'iscsi' || protocol === 'fc') return 'iscsiorfibrechannel';
    if (protocol === 'nvme') return 'nvme';
    return protocol === 'nfs' || protocol === 'nfs_treeq' ? 'nfs' : UNKNOWN;
  },
  'csi.vsphere.vmware.com': parameters =>
    (parameters['csi.storage.k8s.io/fstype'] ?? '').includes('nfs') ? 'nfs' : '',
  'csi-powerstore.dellemc.com': nfsFileSystem,
  'csi-vxflexos.dellemc.com': nfsFileSystem,
  'csi-powermax.dellemc.com': nfsFileSystem,
  'csi-unity.dellemc.com': nfsProtocol,
  'csi.huawei.com': nfsProtocol,
  'driver.longhorn.io': ({ migratable, nfsOptions, fsType }) => {
    if (migratable === 'true') return 'migratable';
    if (nfsOptions !== undefined) return 'nfs';
    return fsType === undefined ? '' : 'fs';
  },
  'ebs.csi.aws.com': ({ type = '' }) => {
    if (type === 'io1' || type === 'io2') return type;
    return type === 'gp2' || type === 'gp3' ? 'gp' : '';
  },
  'pd.csi.storage.gke.io': ({ type = '' }) =>
    type === 'hyperdisk-balanced' || type === 'hyperdisk-balanced-high-availability'
      ? 'hyperdisk'
      : '',
  'csi.san.synology.com': ({ protocol = '' }) => {
    if (protocol === '' || protocol === 'iscsi') return 'iscsi';
    return protocol === 'smb' || protocol === 'nfs' ? protocol : UNKNOWN;
  },
  'vpc.file.csi.ibm.io': ({ profile = '', vmState }) => {
    if (profile !== 'rfs' && profile !== 'dp2') return '';
    return vmState === 'true' ? `${profile}-rwo` : profile;
  },
};

const LEAST_GIB: Readonly<Record<string, number>> = {
  'ebs.csi.aws.com/io1': 4,
  'ebs.csi.aws.com/io2': 4,
  'ebs.csi.aws.com/gp': 1,
  'pd.csi.storage.gke.io/hyperdisk': 4,
  'vpc.file.csi.ibm.io/dp2': 10,
  'vpc.file.csi.ibm.io/dp2-rwo': 10,
  'vpc.file.csi.ibm.io/rfs': 1,
  'vpc.file.csi.ibm.io/rfs-rwo': 1,
  'csi.trident.netapp.io/gcnv-flex': 1,
  'csi.san.synology.com/iscsi': 1,
  'csi.san.synology.com/nfs': 1,
  'csi.san.synology.com/smb': 1,
};

const MODES: Readonly<Record<string, string>> = {
  'kubevirt.io.hostpath-provisioner': 'RWO/FS',
  'kubevirt.io.hostpath-provisioner/overlay': 'RWX/FS',
  'kubevirt.io/hostpath-provisioner': 'RWO/FS',
  'k8s.io/minikube-hostpath': 'RWO/FS',
  'nfs.csi.k8s.io': 'RWX/FS',
  'k8s-sigs.io/nfs-subdir-external-provisioner': 'RWX/FS',
  'kubernetes.io/rbd': 'RWX/Block RWO/Block RWO/FS',
  'rbd.csi.ceph.com': 'RWX/Block RWO/Block RWO/FS',
  'rook-ceph.rbd.csi.ceph.com': 'RWX/Block RWO/Block RWO/FS',
  'openshift-storage.rbd.csi.ceph.com': 'RWX/Block RWO/Block RWO/FS',
  'cephfs.csi.ceph.com': 'RWX/FS RWO/FS',
  'rook-ceph.cephfs.csi.ceph.com': 'RWX/FS RWO/FS',
  'openshift-storage.cephfs.csi.ceph.com': 'RWX/FS RWO/FS',
  'linstor.csi.linbit.com': 'RWX/Block RWO/Block RWO/FS ROX/Block ROX/FS',
  'csi-unity.dellemc.com': 'RWX/Block RWO/Block RWO/FS ROX/Block ROX/FS',
  'csi-unity.dellemc.com/nfs': 'RWX/FS RWO/FS ROX/FS',
  'csi-vxflexos.dellemc.com': 'RWX/Block RWO/Block RWO/FS ROX/Block ROX/FS',
  'csi-vxflexos.dellemc.com/nfs': 'RWX/FS RWO/FS ROX/FS',
  'csi-isilon.dellemc.com': 'RWX/FS RWO/FS ROX/FS',
  'csi-powermax.dellemc.com': 'RWX/Block RWO/Block RWO/FS ROX/Block',
  'csi-powermax.dellemc.com/nfs': 'RWX/FS RWO/FS ROX/FS',
  'csi-powerstore.dellemc.com': 'RWX/Block RWO/Block RWO/FS ROX/Block',
  'csi-powerstore.dellemc.com/nfs': 'RWX/FS RWO/FS ROX/FS',
  'kubernetes.io/storageos': 'RWO/FS',
  storageos: 'RWO/FS',
  'kubernetes.io/aws-ebs': 'RWO/Block',
  'ebs.csi.aws.com': 'RWO/Block',
  'ebs.csi.aws.com/io1': 'RWO/Block',
  'ebs.csi.aws.com/io2': 'RWX/Block RWO/Block RWO/FS',
  'ebs.csi.aws.com/gp': 'RWO/Block',
  'efs.csi.aws.com': 'RWX/FS RWO/FS',
  'kubernetes.io/azure-disk': 'RWO/Block',
  'disk.csi.azure.com': 'RWO/Block',
  'kubernetes.io/azure-file': 'RWX/FS',
  'file.csi.azure.com': 'RWX/FS',
  'kubernetes.io/gce-pd': 'RWO/Block RWO/FS',
  'pd.csi.storage.gke.io': 'RWO/Block RWO/FS',
  'pd.csi.storage.gke.io/hyperdisk': 'RWX/Block RWO/Block RWO/FS',
  'hspc.csi.hitachi.com': 'RWX/Block RWO/Block RWO/FS',
  'csi.hpe.com': 'RWX/Block RWO/Block RWO/FS',
  'spectrumscale.csi.ibm.com': 'RWX/FS RWO/FS',
  'block.csi.ibm.com': 'RWX/Block RWO/Block RWO/FS',
  'vpc.block.csi.ibm.io': 'RWO/Block RWO/FS',
  'vpc.file.csi.ibm.io': 'RWX/FS RWO/FS',
  'vpc.file.csi.ibm.io/dp2': 'RWX/FS RWO/FS',
  'vpc.file.csi.ibm.io/dp2-rwo': 'RWO/FS',
  'vpc.file.csi.ibm.io/rfs': 'RWX/FS RWO/FS',
  'vpc.file.csi.ibm.io/rfs-rwo': 'RWO/FS',
  'kubernetes.io/portworx-volume/nfs': 'RWX/FS RWO/FS',
  'kubernetes.io/portworx-volume': 'RWX/Block RWX/FS RWO/Block RWO/FS',
  'pxd.portworx.com/nfs': 'RWX/FS RWO/FS',
  'pxd.portworx.com': 'RWX/Block RWX/FS RWO/Block RWO/FS',
  'pxd.portworx.com/pure_block': 'RWX/Block RWO/Block RWO/FS',
  'pxd.portworx.com/pure_fa_file': 'RWX/FS RWO/FS',
  'csi.trident.netapp.io/ontap-nas': 'RWX/FS RWO/FS',
  'csi.trident.netapp.io/ontap-san': 'RWX/Block',
  'csi.trident.netapp.io/gcnv-flex': 'RWX/FS RWO/FS',
  'topolvm.cybozu.com': 'RWO/Block RWO/FS',
  'topolvm.io': 'RWO/Block RWO/FS',
  'cinder.csi.openstack.org': 'RWO/Block RWO/FS',
  'manila.csi.openstack.org': 'RWX/FS',
  'csi.ovirt.org': 'RWO/Block RWO/FS',
  'infinibox-csi-driver/iscsiorfibrechannel': 'RWX/Block RWO/Block RWO/FS',
  'infinibox-csi-driver/nvme': 'RWX/Block RWO/Block RWO/FS',
  'infinibox-csi-driver/nfs': 'RWX/FS RWO/FS',
  'csi.vsphere.vmware.com': 'RWO/Block RWO/FS',
  'csi.vsphere.vmware.com/nfs': 'RWX/FS RWO/Block RWO/FS',
  'csi.huawei.com': 'RWX/Block RWO/Block RWO/FS ROX/Block ROX/FS',
  'csi.huawei.com/nfs': 'RWX/FS RWO/FS ROX/FS',
  'kubesan.gitlab.io': 'RWX/Block ROX/Block RWO/Block RWO/FS',
  'driver.longhorn.io': 'RWO/Block',
  'driver.longhorn.io/migratable': 'RWX/Block RWO/Block',
  'driver.longhorn.io/nfs': 'RWX/FS RWO/FS',
  'driver.longhorn.io/fs': 'RWO/FS',
  'blockvolume.csi.oraclecloud.com': 'RWX/Block RWO/Block RWO/FS',
  'csi.san.synology.com/iscsi': 'RWX/Block RWO/Block RWO/FS',
  'csi.san.synology.com/nfs': 'RWX/FS RWO/FS',
  'csi.san.synology.com/smb': 'RWX/FS RWO/FS',
  'directpv-min-io': 'RWO/FS',
};
