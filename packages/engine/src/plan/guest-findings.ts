/**
 * What a guest needs to start where disks and cards are virtio, sata or e1000e instead of VMware's
 * own: told before the VM is moved, while somebody can still install a driver in it.
 */
import type { Finding, SnapshotTree } from '../sources/snapshot-tree';
import { planFinding } from './findings';
import type { PlanFacts } from './plan-facts';

export function guestFindings({
  input: { tree, capabilities },
  carried,
}: Pick<PlanFacts, 'input' | 'carried'>): readonly Finding[] {
  if (capabilities.guestsRunOn === undefined || tree.vm.hardware === undefined) return [];
  const ids = new Set(carried.map(({ disk }) => disk.id));
  return [...diskDrivers(tree, ids), ...networkDrivers(tree), ...firmware(tree)];
}

type Family = 'windows' | 'linux' | 'other';

/** By VMware's guestOS: `windows2019srv-64`, `rhel8-64`, `other5xlinux-64`, ... */
function familyOf(guestOs: string | undefined): Family {
  const name = guestOs?.toLowerCase() ?? '';
  if (/^win|^longhorn/.test(name)) return 'windows';
  return LINUX.test(name) ? 'linux' : 'other';
}

const LINUX =
  /linux|rhel|centos|fedora|ubuntu|debian|sles|suse|opensuse|coreos|photon|rocky|alma|amazon|asianux|mandr|turbolinux|crxsys|crxpod/;

function diskDrivers(
  { vm, current, snapshots, disks }: SnapshotTree,
  carriedIds: ReadonlySet<string>,
): readonly Finding[] {
  const family = familyOf(vm.guestOs);
  const controllers = vm.hardware?.controllers ?? {};
  return current.disks
    .filter(({ diskId }) => carriedIds.has(diskId))
    .map(({ diskId, slot }) => {
      const controller = slot.replace(/:.*$/, '');
      const bus = controllers[controller] ?? controller.replace(/\d+$/, '');
      const earlier = otherBuses(diskId, bus, snapshots, controllers);
      const at = `Disk ${disks.find(({ id }) => id === diskId)?.label ?? slot} hangs on ${busWords(bus)}`;
      const then =
        earlier.length === 0
          ? ''
          : ` In older snapshots it hung elsewhere: ${earlier.join(', ')}; which drivers the guest had then is not known.`;
      return planFinding('guest-disk-driver', {
        key: diskId,
        object: `disk ${slot}`,
        ...DISK_WORDS[family](at, bus, then),
      });
    });
}

interface Words {
  readonly cause: string;
  readonly remedy: string;
  readonly severity?: 'informs';
}

const DISK_WORDS: Readonly<Record<Family, (at: string, bus: string, then: string) => Words>> = {
  windows: (at, bus, then) =>
    bus === 'ahci'
      ? {
          cause: `${at}, which exists there too; virtio, which is faster, needs a driver that Windows does not bring.${then}`,
          remedy:
            'Give the disk `bus: sata` there. For virtio install virtio-win in the guest first.',
          severity: 'informs',
        }
      : {
          cause: `${at}, which does not exist there, and Windows starts from virtio only with a driver that it does not bring.${then}`,
          remedy:
            'Install virtio-win (viostor, vioscsi) in the guest before its last shutdown, or start it with `bus: sata` first and install it there. Older snapshots have the drivers that the guest had at their time.',
        },
  linux: (at, bus, then) => ({
    cause: `${at}${bus === 'ahci' ? '' : ', which does not exist there'}; Linux has virtio, but an initramfs that was made for this machine only may lack it.${then}`,
    remedy:
      'Where the initramfs is host-only (dracut on RHEL and SUSE), make it anew with virtio before the last shutdown: dracut --force --add-drivers "virtio_blk virtio_scsi virtio_pci". Name file systems by UUID or LVM name, not as /dev/sda. `bus: sata` starts without.',
    severity: 'informs',
  }),
  other: (at, bus, then) => ({
    cause: `${at}${bus === 'ahci' ? '' : ', which does not exist there'}, and whether this guest can start from virtio is not known.${then}`,
    remedy: 'See that the guest has virtio drivers, or give the disk `bus: sata` there.',
  }),
};

function busWords(bus: string): string {
  return (
    {
      pvscsi: 'VMware Paravirtual SCSI',
      lsilogic: 'LSI Logic SCSI',
      lsisas1068: 'LSI Logic SAS',
      buslogic: 'BusLogic SCSI',
      ahci: 'SATA',
      ide: 'IDE',
      nvme: 'NVMe',
    }[bus] ?? bus
  );
}

/** Slots of older states on another kind of controller; of controllers that are gone only the name is left. */
function otherBuses(
  diskId: string,
  bus: string,
  snapshots: SnapshotTree['snapshots'],
  controllers: Readonly<Record<string, string>>,
): readonly string[] {
  const slots = snapshots.flatMap(({ disks }) =>
    disks.filter(state => state.diskId === diskId).map(({ slot }) => slot),
  );
  return [...new Set(slots)].filter(slot => {
    const controller = slot.replace(/:.*$/, '');
    return slot !== '' && (controllers[controller] ?? controller.replace(/\d+$/, '')) !== bus;
  });
}

function networkDrivers({ vm }: SnapshotTree): readonly Finding[] {
  const family = familyOf(vm.guestOs);
  return (vm.networks ?? []).map(({ name, adapter }, index) => {
    const card = adapter?.toLowerCase();
    const at = `Network card ${index} (${name}) is ${card ?? 'of the kind that VMware takes for this guest'}`;
    const exists = card === 'e1000' || card === 'e1000e';
    const words: Words = exists
      ? {
          cause: `${at}, which exists there too; virtio is faster.`,
          remedy: `Give the interface \`model: ${card}\`, and its address with \`macAddress\` if the guest goes by it.`,
          severity: 'informs',
        }
      : family === 'linux'
        ? {
            cause: `${at}, which does not exist there; Linux has virtio, and may call the interface by another name.`,
            remedy:
              'Bind the network configuration of the guest to the hardware address (`macAddress` keeps it), or to a name that does not change.',
            severity: 'informs',
          }
        : {
            cause: `${at}, which does not exist there; ${family === 'windows' ? 'Windows needs a driver for virtio that it does not bring' : 'whether this guest has virtio drivers is not known'}.`,
            remedy: `${family === 'windows' ? 'Install virtio-win (NetKVM) in the guest before its last shutdown' : 'See that it has them'}, or give the interface \`model: e1000e\`. A fixed address is bound to the old card: note it down.`,
          };
    return planFinding('guest-network-driver', {
      key: String(index),
      object: `network card ${index}`,
      ...words,
    });
  });
}

/** A virtual TPM has a finding of the source's own. */
function firmware({ vm }: SnapshotTree): readonly Finding[] {
  if (vm.firmware !== 'efi') return [];
  const secure = vm.hardware?.secureBoot === true;
  return [
    planFinding('guest-firmware', {
      key: 'efi',
      object: 'the firmware',
      cause: `The VM starts by EFI${secure ? ' with secure boot' : ''}; the boot entries of its firmware are on no disk and are not carried.`,
      remedy: `Give the VM \`firmware: { bootloader: { efi: { secureBoot: ${String(secure)} } } }\`${secure ? ' and `features: { smm: { enabled: true } }`; drivers that are installed must be signed' : ''}. A guest whose loader is not at \\EFI\\BOOT\\BOOTX64.EFI needs its entry made again.`,
    }),
  ];
}
