/** The VMs on the pictures of the tour: histories as people make them. The same names, dates and bytes at each run. */
import path from 'node:path';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';

const MIB = 1024 * 1024;

interface Point {
  readonly name: string;
  /** `2025-03-01 18:00`, UTC. */
  readonly at: string;
  /** What was written to each disk since the point before it, in MiB. */
  readonly mib: readonly number[];
  /** Name of the point that the VM went back to before that. */
  readonly after?: string;
  readonly description?: string;
  readonly memory?: boolean;
}

interface Story {
  readonly vm: string;
  readonly disksMib: readonly number[];
  readonly baseMib: readonly number[];
  readonly points: readonly Point[];
  /** Written since the last point. */
  readonly nowMib: readonly number[];
}

/** Two disks; an upgrade that was tried twice. Large enough to be seen at work. */
const SHOP: Story = {
  vm: 'web-shop-1',
  disksMib: [512, 256],
  baseMib: [40, 12],
  points: [
    { name: 'Installed', at: '2024-09-02 08:15', mib: [0, 0], description: 'Debian 12, nginx' },
    { name: 'Shop 5.1', at: '2024-11-11 19:40', mib: [6, 4] },
    { name: 'Before Black Friday', at: '2024-11-28 22:05', mib: [3, 5] },
    { name: 'PHP 8.3, first try', at: '2025-01-14 21:30', mib: [9, 1], description: 'white pages' },
    {
      name: 'PHP 8.3, second try',
      at: '2025-01-21 21:10',
      mib: [8, 2],
      after: 'Before Black Friday',
    },
    { name: 'Shop 5.2', at: '2025-03-03 20:00', mib: [5, 3] },
    { name: 'New theme', at: '2025-03-17 17:45', mib: [2, 1], after: 'Shop 5.2' },
    { name: 'Search rebuilt', at: '2025-04-08 20:20', mib: [96, 24], after: 'Shop 5.2' },
    { name: 'Shop 5.3', at: '2025-06-02 20:00', mib: [4, 2] },
  ],
  nowMib: [2, 1],
};

/** A long line with side branches. */
const ERP: Story = {
  vm: 'erp-db',
  disksMib: [256],
  baseMib: [32],
  points: [
    { name: 'Fresh install', at: '2023-05-02 07:30', mib: [0], description: 'as delivered' },
    { name: 'Patch 2023-06', at: '2023-06-20 21:00', mib: [2] },
    { name: 'Patch 2023-09', at: '2023-09-19 21:00', mib: [3] },
    {
      name: 'Year end 2023',
      at: '2023-12-29 18:00',
      mib: [6],
      description: 'kept for the auditors',
    },
    { name: 'Release 8 rehearsal', at: '2024-02-10 10:00', mib: [7], after: 'Patch 2023-09' },
    { name: 'Release 8 rehearsal, with data', at: '2024-02-11 16:30', mib: [5] },
    { name: 'Release 8', at: '2024-03-09 23:10', mib: [8], after: 'Year end 2023', memory: true },
    { name: 'Patch 2024-06', at: '2024-06-18 21:00', mib: [2] },
    { name: 'Reports experiment', at: '2024-07-04 09:20', mib: [4], after: 'Release 8' },
    { name: 'Patch 2024-09', at: '2024-09-17 21:00', mib: [3], after: 'Patch 2024-06' },
    {
      name: 'Year end 2024',
      at: '2024-12-30 18:00',
      mib: [6],
      description: 'kept for the auditors',
    },
    { name: 'Release 9', at: '2025-03-08 22:40', mib: [9] },
  ],
  nowMib: [3],
};

const MAIL: Story = {
  vm: 'mail-archive',
  disksMib: [256],
  baseMib: [24],
  points: [
    { name: 'Before the move', at: '2024-08-05 06:00', mib: [1] },
    { name: 'After the move', at: '2024-08-06 06:00', mib: [8] },
    { name: 'Index v2', at: '2025-02-01 12:00', mib: [6] },
  ],
  nowMib: [2],
};

const BUILD: Story = {
  vm: 'build-agent-7',
  disksMib: [128],
  baseMib: [8],
  points: [
    { name: 'Toolchain 12', at: '2024-10-01 09:00', mib: [2] },
    { name: 'Toolchain 13', at: '2025-01-15 09:00', mib: [3] },
    { name: 'Toolchain 14', at: '2025-05-20 09:00', mib: [3] },
  ],
  nowMib: [1],
};

const WIKI: Story = {
  vm: 'wiki',
  disksMib: [128],
  baseMib: [6],
  points: [
    { name: 'Before import', at: '2024-04-12 14:00', mib: [1] },
    { name: 'Imported', at: '2024-04-12 17:30', mib: [4] },
    { name: 'Search plugin', at: '2024-12-05 11:00', mib: [1] },
  ],
  nowMib: [1],
};

const LDAP: Story = {
  vm: 'ldap-2',
  disksMib: [64],
  baseMib: [3],
  points: [{ name: 'Replica set up', at: '2025-02-20 10:00', mib: [1] }],
  nowMib: [1],
};

/** Nobody has migrated it yet: the one to plan. */
const BILLING: Story = {
  vm: 'billing',
  disksMib: [256, 256],
  baseMib: [30, 20],
  points: [
    { name: 'Go live', at: '2023-10-02 06:00', mib: [1, 1] },
    { name: 'Invoices v2', at: '2024-01-22 20:00', mib: [4, 6] },
    { name: 'Tax change 2024', at: '2024-06-28 19:00', mib: [2, 3] },
    { name: 'SEPA test', at: '2024-09-03 15:00', mib: [5, 8], description: 'only a rehearsal' },
    { name: 'SEPA', at: '2024-09-28 21:00', mib: [6, 9], after: 'Tax change 2024', memory: true },
    { name: 'Year end 2024', at: '2024-12-30 17:00', mib: [3, 7] },
    { name: 'Invoices v3', at: '2025-05-12 20:00', mib: [4, 5] },
  ],
  nowMib: [1, 2],
};

const STORIES = [SHOP, ERP, MAIL, BUILD, WIKI, LDAP, BILLING];

/** How many there are; the example VM is beside them. */
export const TOUR_VMS = STORIES.length;

/** Each into a folder of its own below `folder`. */
export function writeTourVms(folder: string): void {
  STORIES.forEach((story, index) => writeVm(path.join(folder, story.vm), story, index + 1));
}

function writeVm(folder: string, story: Story, seed: number): void {
  const vm = new VmBuilder({ folder, name: story.vm, displayName: story.vm, seed });
  const disks = story.disksMib.map(size =>
    vm.addDisk({ format: 'hosted-sparse', sizeBytes: size * MIB }),
  );
  const uids = new Map<string, string>();
  let stream = seed * 1_000;
  let at = 0;
  /** Behind what was written last, so that layers differ. */
  const write = (mib: readonly number[]): void =>
    disks.forEach((disk, index) => {
      const bytes = (mib[index] ?? 0) * MIB;
      const sizeBytes = (story.disksMib[index] ?? 0) * MIB;
      const from = (at * MIB) % (sizeBytes - bytes);
      if (bytes > 0) vm.write(disk, from, seededBytes(bytes, (stream += 1)));
    });
  write(story.baseMib);
  for (const { name, at: when, mib, after, description, memory } of story.points) {
    const back = after === undefined ? undefined : uids.get(after);
    if (back !== undefined && back !== vm.currentUid) vm.revert(back);
    at += 17;
    write(mib);
    const uid = vm.takeSnapshot(name, {
      createdAtUs: Date.parse(`${when.replace(' ', 'T')}:00Z`) * 1_000,
      ...(description === undefined ? {} : { description }),
      ...(memory === undefined ? {} : { memory }),
    });
    uids.set(name, uid);
  }
  at += 17;
  write(story.nowMib);
  vm.finish();
}
