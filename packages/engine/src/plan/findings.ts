import type { Finding, Severity } from '../sources/snapshot-tree';

/**
 * What the plan itself may have to tell, beside what the source noticed. One row a kind; the
 * causes are sentences about the object and are given where the matter is found.
 *
 * Kinds that a source knows too (memory, leftover delta, incomplete snapshot, present state in use)
 * have its ids here, so that one matter is told once, in the source's words.
 *
 * Severity: `blocks` where data would not be carried that exists nowhere else, or where the plan
 * cannot run; `warns` where less is carried than VMware has, by the user's own choice or because
 * the target knows nothing like it; `informs` where only the way to the result is unusual.
 */
const KINDS = {
  'memory-not-carried': row(
    'warns',
    'Nothing to do: the disks are carried, the memory is not. Keep the VM at its source if the memory state is needed.',
  ),
  'snapshot-merged': row('warns', 'Keep the snapshot (--keep) if its state is needed on its own.'),
  'snapshot-dropped': row(
    'blocks',
    'Keep the snapshot (--keep), or accept that its state is not carried.',
    'acceptable',
  ),
  'snapshot-incomplete': row(
    'blocks',
    'Make the file readable and plan again, or accept that this state is not carried.',
    'acceptable',
  ),
  'snapshot-without-volumes': row(
    'informs',
    'Nothing to do: the snapshot holds the state of no disk that is carried.',
  ),
  'current-not-frozen': row(
    'blocks',
    'Shut the VM down cleanly (a suspended one: resume it first) or take a snapshot, and plan again; or accept: the frozen history is carried now, the present state later.',
    'acceptable',
  ),
  'current-not-readable': row(
    'blocks',
    'Make the file readable and plan again, or accept that the present state of this disk is not carried.',
    'acceptable',
  ),
  'leftover-delta': row(
    'warns',
    'Nothing to do, unless the file is expected to matter: then consolidate the disk at the source, or take a snapshot there, and plan again.',
  ),
  'disk-left-out': row('warns', 'Plan again without leaving the disk out, if it is needed.'),
  'class-not-chosen': row('blocks', ''),
  'class-chosen': row('informs', 'Name another with --storage-class.'),
  'classes-differ': row(
    'warns',
    'Leave out the storage class of single disks to have one common class: snapshots of one VM are best taken by one storage.',
  ),
  'branch-volumes-stay': row(
    'warns',
    'Use a storage class whose snapshots outlive their volume, or remove the volumes together with their VolumeSnapshots when they are no longer needed.',
  ),
  'restore-impossible': row(
    'blocks',
    'Name one class with --storage-class for the whole disk, or keep fewer snapshots so that no branch is restored.',
  ),
  'restore-copies': row(
    'informs',
    'Nothing to do: it takes time and space on the storage, beside what the plan counts.',
  ),
  'guest-disk-driver': row('warns', ''),
  'guest-network-driver': row('warns', ''),
  'guest-firmware': row('informs', ''),
  'too-many-snapshots': row(
    'blocks',
    'Keep fewer snapshots (--keep newest N), or choose a storage class that allows more on one volume.',
  ),
  'space-short': row(
    'blocks',
    'Free space on the target, keep fewer snapshots, leave disks out, or choose another storage class. The need is an upper bound: accept if you know better.',
    'acceptable',
  ),
  'names-taken': row(
    'blocks',
    'Choose another prefix for the names (--name-prefix), or, if nobody needs what was kept, cancel that migration once more with --remove-all.',
  ),
  'size-unknown': row(
    'informs',
    'The plan counts the whole disk for it; estimates of space and time are too high.',
  ),
} as const satisfies Record<string, FindingRow>;

export type PlanFindingKind = keyof typeof KINDS;

interface FindingRow {
  readonly severity: Severity;
  readonly remedy: string;
  readonly acceptable: boolean;
}

/** Every kind of finding that the plan adds, for docs and `explain`. */
export const PLAN_FINDING_KINDS: Readonly<Record<PlanFindingKind, FindingRow>> = KINDS;

export interface FindingFacts {
  /** Makes the id, with the kind: stable for the same matter, e.g. a snapshot's id. */
  readonly key: string;
  /** For people: a snapshot's name, a file, a disk. */
  readonly object: string;
  readonly cause: string;
  /** Where the table's remedy is too general. */
  readonly remedy?: string;
  /** Where the matter is less grave than the kind usually is. */
  readonly severity?: 'informs';
}

export function planFinding(kind: PlanFindingKind, facts: FindingFacts): Finding {
  const { severity, remedy, acceptable } = PLAN_FINDING_KINDS[kind];
  return {
    id: `${kind}:${facts.key}`,
    kind,
    severity: facts.severity ?? severity,
    object: facts.object,
    cause: facts.cause,
    remedy: facts.remedy ?? remedy,
    acceptable,
  };
}

/** First come, first kept: what the source says about a matter is nearer to it than what the plan says. */
export function uniqueFindings(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...new Map([...findings].reverse().map(finding => [finding.id, finding])).values(),
  ].reverse();
}

/** Blocking findings that nobody accepted; a plan starts only when there is none. */
export function unacceptedFindings(
  findings: readonly Finding[],
  accepted: readonly string[],
): readonly Finding[] {
  return findings.filter(
    finding =>
      finding.severity === 'blocks' && !(finding.acceptable && accepted.includes(finding.id)),
  );
}

function row(severity: Severity, remedy: string, acceptable?: 'acceptable'): FindingRow {
  return { severity, remedy, acceptable: acceptable !== undefined };
}
