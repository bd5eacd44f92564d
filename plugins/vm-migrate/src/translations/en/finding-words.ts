/** What findings are about, by kind, and what to do in the words of a page. Kinds whose remedy has figures have no remedy here. */
export const findingWords = {
  findingKinds: {
    'memory-not-carried': 'Memory of the VM is not carried',
    'snapshot-merged': 'Snapshot is merged into the next one',
    'snapshot-dropped': 'State of a snapshot is not carried',
    'snapshot-incomplete': 'Snapshot is incomplete',
    'snapshot-without-volumes': 'Snapshot without disks',
    'current-not-frozen': 'Present state is in use',
    'current-not-readable': 'Present state cannot be read',
    'leftover-delta': 'Delta that nothing names',
    'disk-left-out': 'Disk is left out',
    'class-not-chosen': 'No storage class is chosen',
    'class-chosen': 'Storage class chosen by rule',
    'classes-differ': 'Disks on different storage classes',
    'branch-volumes-stay': 'Volumes of side branches stay',
    'restore-impossible': 'A branch cannot be restored',
    'restore-copies': 'A restore copies',
    'guest-disk-driver': 'Driver for disks in the guest',
    'guest-network-driver': 'Driver for the network in the guest',
    'guest-firmware': 'Firmware of the guest',
    'too-many-snapshots': 'More snapshots than the class allows',
    'space-short': 'Too little free space',
    'names-taken': 'Names are taken by what was kept',
    'size-unknown': 'Size of a layer is unknown',
    'layer-missing': 'File is missing',
    'layer-unreadable': 'File cannot be read',
    'layer-unsupported': 'Disk is not in files',
    'layer-unclean': 'File was not closed cleanly',
    'parent-changed': 'Parent changed after its delta was made',
    'snapshot-unplaced': 'Snapshot fits nowhere in the history',
    'snapshot-parent-unknown': 'Parent of a snapshot is unknown',
    'snapshot-count': 'Number of snapshots is contradictory',
    'current-snapshot-unknown': 'VMware does not say where "now" is',
    'vmsd-missing': 'List of snapshots is missing',
    'vmsd-broken': 'List of snapshots is damaged',
    'config-missing': 'Configuration of the VM is missing',
    'current-guessed': 'Present state is a guess',
    'independent-disk': 'Independent disk',
    'nonpersistent-disk': 'Disk that forgets its changes',
    'disk-removed': 'Disk that only older snapshots have',
    'disk-twice': 'Disk is attached twice',
    'consolidation-needed': 'Deltas that belong to no snapshot',
    'unattached-disk': 'Disk that is not attached',
    'orphan-extent': 'File that no disk names',
    'shared-base': 'Base is shared with other VMs',
    'has-linked-clones': 'Other VMs stand on this one',
    'source-pushed': 'Files are read by this machine',
    'table-copies-differ': 'Two copies of a table differ',
    'grain-shared': 'Two places share their bytes',
    'grains-not-compared': 'Part of a table was not compared',
    'vtpm-not-carried': 'Virtual TPM is not carried',
  },
  findingRemedies: {
    'memory-not-carried':
      'Nothing to do: the disks are migrated as they were at that moment, as after a power cut; the memory image stays at the source.',
    'snapshot-merged': 'Keep the snapshot under “What to keep” if its state is needed on its own.',
    'snapshot-dropped':
      'Keep the snapshot under “What to keep”, or accept that its state is not carried.',
    'snapshot-incomplete':
      'Mend the files that the cause names; else this snapshot is migrated without the disks that the cause names.',
    'snapshot-without-volumes':
      'Nothing to do: the snapshot holds the state of no disk that is carried.',
    'current-not-frozen':
      'Shut the guest down (a suspended VM: resume it first) and load the VM again, or accept this: the frozen history is migrated now, the current state when the VM is off.',
    'current-not-readable':
      'Make the file readable and plan again, or accept that the present state of this disk is not carried.',
    'leftover-delta':
      'If its content matters, attach the file to a VM and take a snapshot. Else consolidate the disks in VMware. It is not migrated.',
    'disk-left-out': 'Choose the disk again, if it is needed.',
    'class-chosen': 'Choose another under “Where to” if this one will not do.',
    'classes-differ':
      'Choose no class for single disks, to have one common class: snapshots of one VM are best taken by one storage.',
    'branch-volumes-stay':
      'Use a storage class whose snapshots outlive their volume, or remove the volumes together with their VolumeSnapshots when they are no longer needed.',
    'restore-impossible':
      'Choose one storage class for the whole disk, or keep fewer snapshots so that no branch is restored.',
    'restore-copies':
      'Nothing to do: it takes time and space on the storage, beside what the plan counts.',
    'names-taken':
      'Choose another prefix for the names, or, if nobody needs what was kept, have it removed: cancel that migration once more at a terminal.',
    'space-short':
      'Free space on the target, keep fewer snapshots, leave disks out, or choose another storage class. The need is an upper bound: accept if you know better.',
    'size-unknown':
      'The plan counts the whole disk for it; estimates of space and time are too high.',
    'layer-missing':
      'Copy the file back to where it is expected, or configure the folder that holds it as a root or datastore of this source; or accept that what needs it is not migrated.',
    'layer-unreadable':
      'Mend the cause or copy the file from the host again, or accept that what needs it is not migrated.',
    'layer-unsupported':
      'Clone the disk to a file format on the host (vmkfstools -i), or leave the disk out; or accept that what needs it is not migrated.',
    'layer-unclean':
      'Power the VM on and shut it down once, so that its host closes the file; or accept that what needs it is not migrated.',
    'parent-changed':
      "Restore the parent as it was when the delta was made. Accept this only if you know that the parent's content is still the same: the result is exact or garbage, and no check can tell.",
    'snapshot-unplaced':
      'Mend the record in the .vmsd, or delete the snapshot in VMware; or accept that it is not migrated.',
    'snapshot-parent-unknown':
      'Nothing to do for the content: the files say what belongs together. The snapshot is shown without a parent.',
    'snapshot-count':
      'Compare with the snapshots that VMware shows; take and delete a snapshot there to have the file written anew.',
    'current-snapshot-unknown': 'Nothing to do: the files say where the current state is.',
    'vmsd-missing':
      'Copy the .vmsd from the host to have names, times and descriptions; the content of every state is migrated without it.',
    'vmsd-broken':
      'Mend the line or copy the .vmsd from the host again to have names, times and descriptions; the content of every state is migrated without it.',
    'config-missing':
      'Copy the .vmx beside the disks if the VM has one: it says which disks belong together.',
    'current-guessed': 'Copy the .vmx beside the disks: it says which file is the current state.',
    'independent-disk':
      'Nothing to do: VMware takes no snapshots of independent disks; the disk is migrated as it is now.',
    'nonpersistent-disk':
      'Nothing to do: the disk is migrated without the changes that VMware throws away at power-off.',
    'disk-removed':
      'Nothing to do: the disk is migrated for the snapshots that have it. Leave it out if they are not wanted.',
    'disk-twice': 'Nothing to do: the disk is migrated once.',
    'consolidation-needed':
      'Nothing to do: these deltas are applied as part of the state that follows. Consolidating the disks in VMware removes them.',
    'unattached-disk':
      'If it belongs to the VM, attach it in VMware and load the VM again. It is not migrated.',
    'orphan-extent':
      'If it belongs to the VM, restore the descriptor that names it. It is not migrated.',
    'shared-base':
      'Nothing to do: the file is read where it is, and counted for this VM. Other linked clones of it bring it along again.',
    'has-linked-clones':
      'Nothing to do: do not delete this VM at the source before its linked clones are migrated.',
    'source-pushed':
      'Nothing to do. Faster, and without this machine: say how pods reach the folder (`pods: { persistentVolumeClaim: NAME }` or `pods: { nfs: { server, path } }` at the source), or serve it over HTTPS (kind vm-https).',
    'table-copies-differ':
      'The first copy of the tables is read. If you doubt it, have VMware check the disk at its host (vmware-vdiskmanager -R) or copy the file again, and compare the migrated disk with the original before that is deleted.',
    'grain-shared':
      'The disk is migrated as every reader sees it: the same bytes in both places. No known program writes such a file, so check the file system of the guest before you trust it.',
    'grains-not-compared':
      'Nothing to do: the rest of the file was compared, and every byte is read as its tables say.',
    'vtpm-not-carried':
      'Suspend BitLocker or the like in the guest, or have its recovery key at hand, before the last shutdown.',
  },
} as const;
