/**
 * Everything that a source may have to say about a VM, one row a kind: how grave it is, whether a
 * person may accept it, and what to do. The cause is written where it is found; it names the object.
 */
import type { Finding, Severity } from './snapshot-tree';

interface FindingKind {
  readonly severity: Severity;
  readonly acceptable: boolean;
  readonly remedy: string;
}

export const FINDING_KINDS = {
  'current-not-frozen': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      'Shut the guest down (a suspended VM: resume it first) and load the VM again, or accept this: the frozen history is migrated now, the current state when the VM is off.',
  },
  'layer-missing': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      'Copy the file back to where it is expected, or configure the folder that holds it as a root or datastore of this source; or accept that what needs it is not migrated.',
  },
  'layer-unreadable': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      'Mend the cause or copy the file from the host again, or accept that what needs it is not migrated.',
  },
  'layer-unsupported': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      'Clone the disk to a file format on the host (vmkfstools -i), or leave the disk out; or accept that what needs it is not migrated.',
  },
  'layer-unclean': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      'Power the VM on and shut it down once, so that its host closes the file; or accept that what needs it is not migrated.',
  },
  'parent-changed': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      "Restore the parent as it was when the delta was made. Accept this only if you know that the parent's content is still the same: the result is exact or garbage, and no check can tell.",
  },
  'snapshot-incomplete': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Mend the files that the cause names; else this snapshot is migrated without the disks that the cause names.',
  },
  'snapshot-unplaced': {
    severity: 'blocks',
    acceptable: true,
    remedy:
      'Mend the record in the .vmsd, or delete the snapshot in VMware; or accept that it is not migrated.',
  },
  'snapshot-parent-unknown': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Nothing to do for the content: the files say what belongs together. The snapshot is shown without a parent.',
  },
  'snapshot-count': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Compare with the snapshots that VMware shows; take and delete a snapshot there to have the file written anew.',
  },
  'current-snapshot-unknown': {
    severity: 'informs',
    acceptable: true,
    remedy: 'Nothing to do: the files say where the current state is.',
  },
  'vmsd-missing': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Copy the .vmsd from the host to have names, times and descriptions; the content of every state is migrated without it.',
  },
  'vmsd-broken': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Mend the line or copy the .vmsd from the host again to have names, times and descriptions; the content of every state is migrated without it.',
  },
  'config-missing': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Copy the .vmx beside the disks if the VM has one: it says which disks belong together.',
  },
  'current-guessed': {
    severity: 'warns',
    acceptable: true,
    remedy: 'Copy the .vmx beside the disks: it says which file is the current state.',
  },
  'memory-not-carried': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Nothing to do: the disks are migrated as they were at that moment, as after a power cut; the memory image stays at the source.',
  },
  'independent-disk': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do: VMware takes no snapshots of independent disks; the disk is migrated as it is now.',
  },
  'nonpersistent-disk': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Nothing to do: the disk is migrated without the changes that VMware throws away at power-off.',
  },
  'disk-removed': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do: the disk is migrated for the snapshots that have it. Leave it out if they are not wanted.',
  },
  'disk-twice': {
    severity: 'warns',
    acceptable: true,
    remedy: 'Nothing to do: the disk is migrated once.',
  },
  'leftover-delta': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'If its content matters, attach the file to a VM and take a snapshot. Else consolidate the disks in VMware. It is not migrated.',
  },
  'consolidation-needed': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do: these deltas are applied as part of the state that follows. Consolidating the disks in VMware removes them.',
  },
  'unattached-disk': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'If it belongs to the VM, attach it in VMware and load the VM again. It is not migrated.',
  },
  'orphan-extent': {
    severity: 'warns',
    acceptable: true,
    remedy: 'If it belongs to the VM, restore the descriptor that names it. It is not migrated.',
  },
  'shared-base': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do: the file is read where it is, and counted for this VM. Other linked clones of it bring it along again.',
  },
  'has-linked-clones': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do: do not delete this VM at the source before its linked clones are migrated.',
  },
  'source-pushed': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do. Faster, and without this machine: say how pods reach the folder (`pods: { persistentVolumeClaim: NAME }` or `pods: { nfs: { server, path } }` at the source), or serve it over HTTPS (kind vm-https).',
  },
  'table-copies-differ': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'The first copy of the tables is read. If you doubt it, have VMware check the disk at its host (vmware-vdiskmanager -R) or copy the file again, and compare the migrated disk with the original before that is deleted.',
  },
  'grain-shared': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'The disk is migrated as every reader sees it: the same bytes in both places. No known program writes such a file, so check the file system of the guest before you trust it.',
  },
  'grains-not-compared': {
    severity: 'informs',
    acceptable: true,
    remedy:
      'Nothing to do: the rest of the file was compared, and every byte is read as its tables say.',
  },
  'vtpm-not-carried': {
    severity: 'warns',
    acceptable: true,
    remedy:
      'Suspend BitLocker or the like in the guest, or have its recovery key at hand, before the last shutdown.',
  },
} as const satisfies Record<string, FindingKind>;

export type FindingKindName = keyof typeof FINDING_KINDS;

/**
 * @param key what makes the id stable for the same matter: a file, an uid, a slot
 * @param object the same for people; absent: the key
 */
export function finding(
  kind: FindingKindName,
  key: string,
  cause: string,
  object: string = key,
): Finding {
  const { severity, acceptable, remedy } = FINDING_KINDS[kind];
  return { id: `${kind}:${key}`, kind, severity, object, cause, remedy, acceptable };
}
