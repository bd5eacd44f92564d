import { type ClusterStorage, classesOf } from './classes';
import type { StorageClassObject, StorageProfile, VolumeSnapshotClass } from './cluster/resources';

const VIRT = 'storageclass.kubevirt.io/is-default-virt-class';
const CLUSTER = 'storageclass.kubernetes.io/is-default-class';
const SNAPSHOT = 'snapshot.storage.kubernetes.io/is-default-class';

function storageClass(
  name: string,
  provisioner = 'x.csi',
  more: Partial<StorageClassObject> & { annotation?: string } = {},
): StorageClassObject {
  const { annotation, ...rest } = more;
  const annotations = annotation === undefined ? {} : { [annotation]: 'true' };
  return { metadata: { name, annotations }, provisioner, ...rest };
}

function snapshotClass(name: string, driver = 'x.csi', isDefault = false): VolumeSnapshotClass {
  const annotations: Record<string, string> = isDefault ? { [SNAPSHOT]: 'true' } : {};
  return { metadata: { name, annotations }, driver, deletionPolicy: 'Delete' };
}

function classes(storage: Partial<ClusterStorage>, options: Parameters<typeof classesOf>[1] = {}) {
  return classesOf(
    { storageClasses: [], snapshotClasses: [], profiles: [], drivers: undefined, ...storage },
    options,
  );
}

/** What the only class says of snapshots: the VolumeSnapshotClass, or the reason why not. */
function snapshotsOf(
  snapshotClasses: readonly VolumeSnapshotClass[] | undefined,
  options: Parameters<typeof classesOf>[1] = {},
  provisioner = 'x.csi',
): string {
  const [only] = classes(
    { storageClasses: [storageClass('fast', provisioner)], snapshotClasses },
    options,
  );
  const { snapshots } = only?.described ?? {};
  return snapshots?.how === 'none'
    ? `none: ${snapshots.reason}`
    : (only?.snapshotClass?.metadata.name ?? '?');
}

describe('the VolumeSnapshotClass of a storage class', () => {
  it('is the only one of its driver', () => {
    expect(snapshotsOf([snapshotClass('a'), snapshotClass('b', 'y.csi', true)])).toBe('a');
  });
  it('is the default one of its driver', () => {
    expect(snapshotsOf([snapshotClass('a'), snapshotClass('b', 'x.csi', true)])).toBe('b');
  });
  it('is the configured one, also against the default', () => {
    const all = [snapshotClass('a'), snapshotClass('b', 'x.csi', true)];
    expect(snapshotsOf(all, { snapshotClass: { fast: 'a' } })).toBe('a');
  });
  it('is none when the configured one is of another driver: the cluster would not notice', () => {
    const all = [snapshotClass('a'), snapshotClass('b', 'y.csi')];
    expect(snapshotsOf(all, { snapshotClass: { fast: 'b' } })).toMatch(
      /^none: .*b.*y\.csi.*x\.csi/,
    );
  });
  it('is none when the configured one is not there', () => {
    expect(snapshotsOf([snapshotClass('a')], { snapshotClass: { fast: 'b' } })).toMatch(
      /^none: .*b is not in the cluster/,
    );
  });
  it('is none when there are two defaults, which are named', () => {
    const all = [snapshotClass('a', 'x.csi', true), snapshotClass('b', 'x.csi', true)];
    expect(snapshotsOf(all)).toMatch(/^none: .*2 default.*a, b.*snapshotClass/);
  });
  it('is none when there are several and no default', () => {
    expect(snapshotsOf([snapshotClass('a'), snapshotClass('b')])).toMatch(/^none: .*a, b/);
  });
  it('is none when no class is of its driver', () => {
    expect(snapshotsOf([snapshotClass('a', 'y.csi')])).toMatch(/^none: .*x\.csi/);
  });
  it('is none when the cluster serves no VolumeSnapshots', () => {
    expect(snapshotsOf(undefined)).toMatch(/^none: .*snapshot\.storage\.k8s\.io/);
  });
  it.each(['kubernetes.io/no-provisioner', 'kubernetes.io/aws-ebs'])(
    'is none for %s',
    provisioner => {
      expect(snapshotsOf([snapshotClass('a', provisioner)], {}, provisioner)).toMatch(/^none: /);
    },
  );
});

describe('the default class', () => {
  const defaults = (...storageClasses: StorageClassObject[]) =>
    classes({ storageClasses })
      .filter(one => one.described.isDefault)
      .map(one => one.name);

  it("is KubeVirt's before the cluster's", () => {
    const all = [
      storageClass('a', 'x.csi', { annotation: CLUSTER }),
      storageClass('b', 'x.csi', { annotation: VIRT }),
      storageClass('c'),
    ];
    expect(defaults(...all)).toEqual(['b']);
  });
  it("is the cluster's where KubeVirt has none", () => {
    expect(
      defaults(storageClass('a', 'x.csi', { annotation: CLUSTER }), storageClass('c')),
    ).toEqual(['a']);
  });
  it('is nobody when the one that it is may not be used', () => {
    const storageClasses = [storageClass('a', 'x.csi', { annotation: CLUSTER }), storageClass('c')];
    const found = classes({ storageClasses }, { classes: ['c'] });
    expect(found.map(one => [one.name, one.described.isDefault])).toEqual([['c', false]]);
  });
});

describe('the modes of a class', () => {
  const modes = (
    object: StorageClassObject,
    options: Parameters<typeof classesOf>[1] = {},
    profiles: readonly StorageProfile[] = [],
  ) => {
    const [only] = classes({ storageClasses: [object], profiles }, options);
    return `${only?.modes.accessMode} ${only?.modes.volumeMode}`;
  };

  it.each([
    ['rook-ceph.rbd.csi.ceph.com', {}, 'ReadWriteMany Block'],
    ['csi.vsphere.vmware.com', {}, 'ReadWriteOnce Block'],
    ['nfs.csi.k8s.io', {}, 'ReadWriteMany Filesystem'],
    ['driver.longhorn.io', {}, 'ReadWriteOnce Block'],
    ['driver.longhorn.io', { migratable: 'true' }, 'ReadWriteMany Block'],
    ['driver.longhorn.io', { fsType: 'ext4' }, 'ReadWriteOnce Filesystem'],
    ['csi.trident.netapp.io', { backendType: 'ontap-nas-economy' }, 'ReadWriteMany Filesystem'],
    ['unknown.example.com', {}, 'ReadWriteOnce Block'],
  ])('of driver %s %j are %s', (provisioner, parameters, expected) => {
    expect(modes(storageClass('a', provisioner, { parameters }))).toBe(expected);
  });

  it("are the StorageProfile's where there is one", () => {
    const profile: StorageProfile = {
      metadata: { name: 'a' },
      status: { claimPropertySets: [{ accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' }] },
    };
    expect(modes(storageClass('a', 'rook-ceph.rbd.csi.ceph.com'), {}, [profile])).toBe(
      'ReadWriteOnce Filesystem',
    );
  });

  it('are as configured, with the access mode that goes with it', () => {
    const rbd = storageClass('a', 'rook-ceph.rbd.csi.ceph.com');
    expect(modes(rbd, { volumeMode: 'Filesystem' })).toBe('ReadWriteOnce Filesystem');
    expect(modes(rbd, { accessMode: 'ReadWriteOnce' })).toBe('ReadWriteOnce Block');
  });
});

describe('what a class says for people', () => {
  it('has the ceiling of its driver with the source, or the configured one', () => {
    const storageClasses = [storageClass('vsan', 'csi.vsphere.vmware.com')];
    const [table] = classes({ storageClasses });
    expect(table?.described.maxSnapshotsPerVolume).toBe(3);
    expect(table?.described.notes?.join(' ')).toContain('32 at most');
    const [configured] = classes({ storageClasses }, { maxSnapshots: { vsan: 20 } });
    expect(configured?.described.maxSnapshotsPerVolume).toBe(20);
  });

  it('names the deletion policy and a driver that has not registered', () => {
    const [only] = classes({
      storageClasses: [storageClass('fast')],
      snapshotClasses: [snapshotClass('a')],
      drivers: ['y.csi'],
    });
    expect(only?.described.notes?.join(' ')).toMatch(
      /deletionPolicy is Delete.*No CSIDriver x\.csi/,
    );
  });

  it('promises zeros only of drivers that are known for it, and of files', () => {
    const zeros = (provisioner: string, volumeMode?: 'Filesystem') =>
      classes(
        { storageClasses: [storageClass('a', provisioner)] },
        volumeMode === undefined ? {} : { volumeMode },
      )[0]?.described.newVolumesReadZero;
    expect(zeros('rook-ceph.rbd.csi.ceph.com')).toBe(true);
    expect(zeros('topolvm.io')).toBe(false);
    expect(zeros('unknown.example.com')).toBe(false);
    expect(zeros('unknown.example.com', 'Filesystem')).toBe(true);
  });

  it('lets movers rest on Block volumes of drivers that are known for it, or as it is told', () => {
    const rest = (provisioner: string, options: Parameters<typeof classes>[1] = {}) =>
      classes({ storageClasses: [storageClass('a', provisioner)] }, options)[0]?.described
        .moversRest === true;
    expect(rest('rook-ceph.rbd.csi.ceph.com')).toBe(true);
    expect(rest('rook-ceph.rbd.csi.ceph.com', { movers: 'perLayer' })).toBe(false);
    expect(rest('rook-ceph.rbd.csi.ceph.com', { volumeMode: 'Filesystem' })).toBe(false);
    expect(rest('unknown.example.com')).toBe(false);
    expect(rest('unknown.example.com', { movers: 'perVolume' })).toBe(true);
  });
});
