/** What a Kubernetes target's rules do to a plan: gate, map of classes, ceilings, restores, guests. */
import type { SnapshotTree } from '../sources/snapshot-tree';
import type { StorageClass } from '../targets/target';
import { planInput, storageClass } from '../testing/plan-input';
import { simulatePlan } from '../testing/simulate-plan';
import { tree } from '../testing/tree-notation';
import { buildPlan } from './build-plan';
import { guestFindings } from './guest-findings';
import type { Plan } from './plan';
import type { PlanFacts } from './plan-facts';
import { planWords } from './plan-words';
import { restoreFindings } from './restore-findings';

const named = (name: string, facts: Partial<StorageClass> = {}): StorageClass =>
  storageClass({ name, isDefault: false, ...facts });

function planWith(
  notation: string,
  classes: readonly StorageClass[],
  options: Parameters<typeof planInput>[1] = {},
): Plan {
  return buildPlan(planInput(notation, options, { capabilities: { classes } }));
}

const findingOf = (plan: Plan, kind: string) => plan.findings.filter(each => each.kind === kind);

describe('the gate creationTime', () => {
  const plan = planWith(
    'B(S1) -> D1(S2) -> D5*; B -> D3(S3)',
    [storageClass({ gate: 'creationTime' })],
    { sampleWindows: 4 },
  );
  const after = (id: string) => plan.steps.find(step => step.id === id)?.after;

  it('lets the next layer wait for the cut, and whatever restores for readiness', () => {
    expect(after('applyLayer:disk-main:D1')).toEqual(['takeSnapshot:disk-snapshot-S1']);
    expect(after('awaitSnapshot:disk-snapshot-S1')).toEqual(['takeSnapshot:disk-snapshot-S1']);
    expect(after('restoreVolume:disk-D3')).toEqual(['awaitSnapshot:disk-snapshot-S1']);
    expect(after('sampleSnapshot:disk-snapshot-S3')).toEqual(['awaitSnapshot:disk-snapshot-S3']);
    expect(after('removeVolume:disk-D3')).toEqual(
      expect.arrayContaining(['awaitSnapshot:disk-snapshot-S3']),
    );
  });

  it('is a line of its own for people', () => {
    expect(planWords(plan)).toEqual(expect.arrayContaining(['ready S1', 'ready S2', 'ready S3']));
  });

  it('carries the same states in every order that it allows', () => {
    const own = new Map([
      ['B', 1],
      ['D1', 2],
      ['D5', 3],
      ['D3', 4],
    ]);
    for (let seed = 1; seed <= 20; seed++) {
      let state = seed;
      const left = simulatePlan(plan, {
        ownBlocks: layerId => new Map([[0, own.get(layerId) ?? 0]]),
        blocksOf: () => 1,
        choose: below => (state = (state * 48_271) % 2_147_483_647) % below,
      });
      expect(left.taken.get('disk-snapshot-S1')).toEqual([1]);
      expect(left.taken.get('disk-snapshot-S3')).toEqual([4]);
    }
  });

  it('adds nothing where readiness is the gate', () => {
    const usual = planWith('B(S1) -> D1*', [storageClass()]);
    expect(usual.steps.map(step => step.kind)).not.toContain('awaitSnapshot');
  });
});

describe('the map of classes', () => {
  const lying = (byDisk: Readonly<Record<string, string | undefined>>): SnapshotTree => {
    const bare = tree({ 'scsi0:0': 'A*', 'scsi0:1': 'B*' });
    return {
      ...bare,
      disks: bare.disks.map(disk => {
        const datastore = byDisk[disk.label];
        return { ...disk, ...(datastore === undefined ? {} : { datastore }) };
      }),
    };
  };
  const classes = [
    named('std', { isDefault: true, defaultBecause: 'the default virtualization class' }),
    named('gold'),
    named('bulk'),
  ];
  const classMap = { ds1: 'gold', '[ds 2]': 'bulk' };
  const planned = (of: SnapshotTree, options: Parameters<typeof planInput>[1] = {}) =>
    buildPlan(planInput(of, options, { capabilities: { classes, classMap } }));
  const chosen = (plan: Plan) => plan.disks.map(disk => disk.storageClass);
  const causes = (plan: Plan) => findingOf(plan, 'class-chosen').map(({ cause }) => cause);

  it('decides for the whole VM when it gives one class, and says by which disk', () => {
    const plan = planned(lying({ 'scsi0:0': 'ds1' }));
    expect(chosen(plan)).toEqual(['gold', 'gold']);
    expect(causes(plan)).toEqual([
      "Storage class gold was chosen because the target's classMap has it: scsi0:0 is of datastore ds1.",
    ]);
  });

  it('is followed disk by disk when it gives several, which is a finding', () => {
    const plan = planned(lying({ 'scsi0:0': 'ds1', 'scsi0:1': 'ds 2' }));
    expect(chosen(plan)).toEqual(['gold', 'bulk']);
    expect(findingOf(plan, 'classes-differ')).toHaveLength(1);
  });

  it('goes behind a class that is named, and before the default', () => {
    expect(chosen(planned(lying({ 'scsi0:0': 'ds1' }), { storageClass: 'bulk' }))).toEqual([
      'bulk',
      'bulk',
    ]);
    const plan = planned(lying({ 'scsi0:0': 'elsewhere' }));
    expect(chosen(plan)).toEqual(['std', 'std']);
    expect(causes(plan)).toEqual([
      'Storage class std was chosen because it is the default virtualization class.',
    ]);
  });
});

describe('a ceiling of VolumeSnapshots', () => {
  it('comes with what would fit: fewer snapshots, or classes by name', () => {
    const plan = planWith('B(S1) -> D1(S2) -> D2(S3) -> D3(S4) -> D4*', [
      storageClass({ maxSnapshotsPerVolume: 2 }),
      named('ten', { maxSnapshotsPerVolume: 10 }),
      named('three', { maxSnapshotsPerVolume: 3 }),
      named('open'),
      named('plain', { snapshots: { how: 'none', reason: '' } }),
    ]);
    expect(findingOf(plan, 'too-many-snapshots').map(({ remedy }) => remedy)).toEqual([
      '`--keep newest=2` is the most that fits. Or name a class that allows more with --storage-class: ten (10), open (no ceiling is known).',
    ]);
  });

  it('counts a volume by itself: a side branch has its own', () => {
    const notation = 'B(S1) -> D1(S2) -> D5*; B -> D3(S3) -> D4(S4)';
    expect(
      findingOf(
        planWith(notation, [storageClass({ maxSnapshotsPerVolume: 2 })]),
        'too-many-snapshots',
      ),
    ).toEqual([]);
  });
});

describe('restores in the plan', () => {
  const plan = planWith('B(S1) -> D1*; B -> D3(S3)', [storageClass()]);
  const facts = (change: Partial<StorageClass>, branchBytes?: number) => {
    const classes = [storageClass(), named('other', change)];
    const volumes = plan.volumes.map(volume =>
      volume.role === 'main'
        ? volume
        : { ...volume, storageClass: 'other', sizeBytes: branchBytes ?? volume.sizeBytes },
    );
    const input = planInput('B*', {}, { capabilities: { classes } });
    return restoreFindings({ input, volumes, volumeSnapshots: plan.volumeSnapshots });
  };

  it.each([
    ['another driver', { restoreGroup: 'x' }, undefined, 'class other is of x'],
    ['a smaller size', { restoreGroup: 'fast' }, 512, 'it has 512 bytes'],
    [
      'another size, where the driver wants the same',
      { restoreGroup: 'fast', restoresExactSize: true },
      1e12,
      'exactly the size',
    ],
    [
      'another volume mode',
      { restoreGroup: 'fast', volumeMode: 'Filesystem' as const },
      undefined,
      'makes Filesystem volumes',
    ],
  ])('to %s are a finding that blocks', (_, change, bytes, words) => {
    const [found, ...others] = facts(change, bytes);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      kind: 'restore-impossible',
      severity: 'blocks',
      acceptable: false,
    });
    expect(found?.cause).toContain(words);
  });

  it('of restores are told where the driver begins to copy', () => {
    const limit = { restoresWithoutCopy: { depth: 1, why: 'It copies' } };
    const nested = 'B(S1) -> D1*; B -> D3(S3) -> D4(S4); D3 -> D6(S6)';
    const deep = planWith(nested, [storageClass(limit)]);
    expect(findingOf(deep, 'restore-copies')).toMatchObject([{ severity: 'informs' }]);
    expect(
      findingOf(planWith('B(S1) -> D1*; B -> D3(S3)', [storageClass(limit)]), 'restore-copies'),
    ).toEqual([]);
  });
});

describe('what a guest needs there', () => {
  function found(vm: Partial<SnapshotTree['vm']>, slot = 'scsi0:0', earlier = slot) {
    const bare = tree({ [slot]: 'B(S1) -> D1*' });
    const of: SnapshotTree = {
      ...bare,
      vm: {
        ...bare.vm,
        hardware: {
          controllers: { scsi0: 'pvscsi', sata0: 'ahci' },
          secureBoot: false,
          vtpm: false,
        },
        ...vm,
      },
      snapshots: bare.snapshots.map(each => ({
        ...each,
        disks: each.disks.map(state => ({ ...state, slot: earlier })),
      })),
    };
    const input = planInput(
      of,
      {},
      { capabilities: { classes: [storageClass()], guestsRunOn: 'kubevirt' } },
    );
    const carried = of.disks.map(disk => ({ disk })) as unknown as PlanFacts['carried'];
    return guestFindings({ input, carried });
  }

  it('is a driver for the disks of Windows, unless they hang on SATA', () => {
    const [disk] = found({ guestOs: 'windows2019srv-64' });
    expect(disk).toMatchObject({ id: 'guest-disk-driver:scsi0:0', severity: 'warns' });
    expect(disk?.cause).toContain('VMware Paravirtual SCSI');
    expect(disk?.remedy).toContain('virtio-win');
    expect(found({ guestOs: 'windows9-64' }, 'sata0:0')[0]).toMatchObject({ severity: 'informs' });
  });

  it('is an initramfs for Linux, and a look at guests that nobody knows', () => {
    expect(found({ guestOs: 'rhel8-64' })[0]).toMatchObject({ severity: 'informs' });
    expect(found({ guestOs: 'rhel8-64' })[0]?.remedy).toContain('dracut');
    expect(found({ guestOs: 'solaris11-64' })[0]).toMatchObject({ severity: 'warns' });
  });

  it('says where a disk hung on another bus in an older snapshot', () => {
    expect(found({ guestOs: 'windows9-64' }, 'scsi0:0', 'ide0:1')[0]?.cause).toContain('ide0:1');
  });

  it('is a card that exists there', () => {
    const networks = [
      { name: 'DMZ', adapter: 'vmxnet3' },
      { name: 'LAN', adapter: 'e1000' },
    ];
    const cards = found({ guestOs: 'windows9-64', networks }).filter(
      ({ kind }) => kind === 'guest-network-driver',
    );
    expect(cards.map(({ severity }) => severity)).toEqual(['warns', 'informs']);
    expect(cards[0]?.cause).toContain('vmxnet3');
  });

  it('is firmware, with secure boot', () => {
    const hardware = { controllers: {}, secureBoot: true, vtpm: false };
    const [firmware] = found({ firmware: 'efi', hardware }).filter(
      ({ kind }) => kind === 'guest-firmware',
    );
    expect(firmware?.remedy).toContain('secureBoot: true');
    expect(found({ firmware: 'bios' }).map(({ kind }) => kind)).not.toContain('guest-firmware');
  });

  it('is nobody’s question where no VM runs', () => {
    expect(planWith('B*', [storageClass()]).findings.map(({ kind }) => kind)).not.toContain(
      'guest-disk-driver',
    );
  });
});
