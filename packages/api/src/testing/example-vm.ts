/**
 * The example VM (the engine's testing/example-vm.ts) as views tell of it: names that a terminal and a
 * page must escape, measure and wrap, two disks, a fork, a snapshot whose disks differ in number.
 */
import type { ErrorView, FindingView, TreeNodeView } from '../views';
import { findingOf } from './build-migrations';

export const VM_NAME = 'Büro-Server "Alpha" – пример';
export const VM_ID = '224e328117c73f17';
export const VM_LOCATION = '/srv/vms/beispiel/Beispiel VM.vmx';
export const MIGRATION_ID = 'm-9mbxaaqm';
export const MAIN_VOLUME = 'buro-server-alpha-scsi0-0-62f24a70bd';

export interface ExamplePoint {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly description: string;
  readonly facts: Partial<TreeNodeView>;
  readonly layers: readonly ExampleLayer[];
}

export interface ExampleLayer {
  readonly disk: string;
  readonly file: string;
  readonly ownMib: number;
  /** Name of its VolumeSnapshot after the VM and the disk; null: it has none. */
  readonly cut: string | null;
}

const layer = (disk: string, file: string, ownMib: number, cut: string | null): ExampleLayer => ({
  disk,
  file: `Beispiel VM${file}.vmdk`,
  ownMib,
  cut,
});

/** Parents before children, siblings by time. */
export const EXAMPLE_POINTS: readonly ExamplePoint[] = [
  {
    id: '1',
    parentId: null,
    name: '"Fresh install"',
    description: 'Straight from the installer.\nNo updates yet.',
    facts: { quiesced: true },
    layers: [layer('scsi0:0', '', 18, 'fresh-install-24b9d03208')],
  },
  {
    id: '2',
    parentId: '1',
    name: 'Before "5.0" upgrade',
    description: 'with | bars and 50 % of the disk',
    facts: { memory: true },
    layers: [layer('scsi0:0', '-000001', 5, 'before-5-0-upgrade-4ceceef0c1')],
  },
  {
    id: '3',
    parentId: '2',
    name: 'Datenbank dazu / база данных',
    description: '',
    facts: {},
    layers: [
      layer('scsi0:0', '-000002', 1.25, 'datenbank-dazu-099aab86a8'),
      layer('scsi0:1', '_1', 10, 'datenbank-dazu-7f4914702e'),
    ],
  },
  {
    id: '4',
    parentId: '2',
    name: 'Versuch: andere Bibliothek',
    description: 'side branch',
    facts: {},
    layers: [layer('scsi0:0', '-000003', 5.25, 'versuch-andere-bib-944e3e26cd')],
  },
  {
    id: '5',
    parentId: '3',
    name: 'nach dem Test 100 % grün',
    description: 'leaf',
    facts: {},
    layers: [
      layer('scsi0:0', '-000004', 0.9375, 'nach-dem-test-100-b58752df38'),
      layer('scsi0:1', '_1-000001', 3.5, 'nach-dem-test-100-e50ab6b4fa'),
    ],
  },
  {
    id: '6',
    parentId: '3',
    name: '本番前 ✓',
    description: '',
    facts: { quiesced: false },
    layers: [
      layer('scsi0:0', '-000005', 2.25, 'snapshot-9524113d4e'),
      layer('scsi0:1', '_1-000002', 1.75, 'snapshot-bd3bd68c6a'),
    ],
  },
  {
    id: 'current',
    parentId: '6',
    name: 'you are here',
    description: '',
    facts: {},
    layers: [layer('scsi0:0', '-000006', 0.5625, null), layer('scsi0:1', '_1-000003', 0.5, null)],
  },
];

/** Name of the VolumeSnapshot that is cut for a layer. */
export function exampleCut(disk: string, cut: string): string {
  return `buro-server-alpha-${disk.replace(':', '-')}-${cut}`;
}

/** As the source has it; the clock of the last two is later than the fixture's hour. */
export function takenAt(index: number): string | null {
  const minute = 30 + 7 * index;
  return minute > 59 ? null : `2023-05-17T09:${String(minute).padStart(2, '0')}:00.000Z`;
}

export const MEMORY_FINDING: FindingView = findingOf({
  id: 'memory-not-carried:2',
  kind: 'memory-not-carried',
  severity: 'warns',
  object: 'Before "5.0" upgrade',
  cause: 'The snapshot holds the memory of the running VM.',
  remedy:
    'Nothing to do: the disks are migrated as they were at that moment, as after a power cut; the memory image stays at the source.',
});

export const VOLUME_FULL: ErrorView = {
  code: 'VOLUME_FULL',
  message: `The target has no space left. Where: ${MAIN_VOLUME}. Expected: 4 MiB free. Found: 1.2 MiB.`,
  hint: `Free space in class fast, then: kubectl vm-migrate retry ${MIGRATION_ID}`,
  where: { object: MAIN_VOLUME },
};

/** Why a step waits. */
export const WAITS_FOR_DRIVER = `hostpath.csi.k8s.io to finish ${exampleCut('scsi0:1', 'datenbank-dazu-7f4914702e')}`;
export const WAITS_FOR_PLACE =
  'a free place under limit all, 4 at a time (see: kubectl vm-migrate limits)';
export const LACKS_WORKER =
  'a worker that reaches source lab: on machine storage-7, or one configured for the same source (see: kubectl vm-migrate get workers)';
