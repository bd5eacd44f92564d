import { GIB, MIB } from '../bytes';
import { planInput, storageClass } from '../testing/plan-input';
import { tree, TREE_EPOCH_US, TREE_HOUR_US } from '../testing/tree-notation';
import { buildPlan, type PlanInput } from './build-plan';
import type { Plan, PlannedStep, StepKindName } from './plan';
import { planWords } from './plan-words';

const words = (...input: Parameters<typeof planInput>): readonly string[] =>
  planWords(buildPlan(planInput(...input)));
const plan = (...input: Parameters<typeof planInput>): Plan => buildPlan(planInput(...input));
const findings = (of: Plan): readonly string[] => of.findings.map(({ id }) => id);
const step = (of: Plan, id: string): PlannedStep => {
  const found = of.steps.find(each => each.id === id);
  if (found === undefined)
    throw new Error(`no step ${id} in ${of.steps.map(s => s.id).join(', ')}`);
  return found;
};
const steps = (of: Plan, kind: StepKindName): readonly PlannedStep[] =>
  of.steps.filter(each => each.kind === kind);

describe('replay rule', () => {
  it('cuts a leaf snapshot although no delta follows it', () => {
    expect(words(`B(S1) -> D1(S2) -> D5*;  B -> D3(S3)`)).toEqual([
      'main: create, B, cut S1, D1, cut S2, D5',
      'side: restore S1, D3, cut S3, remove',
    ]);
  });

  it('replays a linear chain on one volume', () => {
    expect(words('B(S1) -> D1(S2) -> D2*')).toEqual(['main: create, B, cut S1, D1, cut S2, D2']);
  });

  it('applies a delta that no snapshot names, and cuts nothing for it', () => {
    expect(words('B -> D1(S1) -> D2 -> D3*')).toEqual(['main: create, B, D1, cut S1, D2, D3']);
  });

  it('takes one VolumeSnapshot for each of several snapshots that name one layer', () => {
    expect(words('B(S1,S2) -> D1*; B -> D2(S3)')).toEqual([
      'main: create, B, cut S1, cut S2, D1',
      'side: restore S1, D2, cut S3, remove',
    ]);
    const both = plan('B(S1,S2) -> D1*');
    expect(step(both, 'applyLayer:disk-main:D1').after).toEqual([
      'takeSnapshot:disk-snapshot-S1',
      'takeSnapshot:disk-snapshot-S2',
    ]);
  });

  it('restores a branch of a branch from the VolumeSnapshot of the branch', () => {
    expect(words('B(S1) -> D9*; B -> D2(S2) -> D3(S3); D2 -> D4(S4)')).toEqual([
      'main: create, B, cut S1, D9',
      'side: restore S1, D2, cut S2, D3, cut S3, remove',
      'side: restore S2, D4, cut S4, remove',
    ]);
  });

  it('takes a working VolumeSnapshot at a fork that no kept snapshot names, and removes it at the end', () => {
    const fork = plan('B -> D1(S1) -> D2*; B -> D3(S2)');
    expect(planWords(fork)).toEqual([
      'main: create, B, cut fork at B, D1, cut S1, D2',
      'side: restore fork at B, D3, cut S2, remove',
      'remove fork at B',
    ]);
    expect(step(fork, 'removeVolumeSnapshot:disk-fork-B').after).toEqual([
      'applyLayer:disk-main:D2',
      'takeSnapshot:disk-snapshot-S2',
    ]);
  });

  it('orders siblings by the time at which they froze, not by their place in the list', () => {
    expect(words('B(S1) -> D9*; B -> D2(S2) -> D4(S5); D2 -> D3(S3)')).toEqual([
      'main: create, B, cut S1, D9',
      'side: restore S1, D2, cut S2, D3, cut S3, remove',
      'side: restore S2, D4, cut S5, remove',
    ]);
  });

  it('lets the present state that was reverted to an old snapshot stay on the main volume', () => {
    expect(words('B(S1) -> D1(S2) -> D2(S3); B -> D9*')).toEqual([
      'main: create, B, cut S1, D9',
      'side: restore S1, D1, cut S2, D2, cut S3, remove',
    ]);
  });

  it('cuts the present state when the user or the target asks for it', () => {
    const expected = ['main: create, B, cut S1, D1, cut current'];
    expect(words('B(S1) -> D1*', { cutCurrent: 'always' })).toEqual(expected);
    expect(words('B(S1) -> D1*', {}, { targetAsksForCurrent: true })).toEqual(expected);
    expect(words('B(S1) -> D1*')).toEqual(['main: create, B, cut S1, D1']);
  });
});

describe('disks', () => {
  it('are replayed side by side and never wait for each other', () => {
    const two = plan({ 'scsi0:0': 'B(S1) -> D1(S2) -> D2*', 'scsi0:1': 'C(S2) -> E1*' });
    expect(planWords(two)).toEqual([
      'scsi0:0 main: create, B, cut S1, D1, cut S2, D2',
      'scsi0:1 main: create, C, cut S2, E1',
    ]);
    for (const each of two.steps) {
      for (const before of each.after.map(id => step(two, id))) {
        expect([each.diskId, undefined]).toContain(before.diskId);
      }
    }
    expect(two.snapshots.map(({ volumeSnapshotIds }) => volumeSnapshotIds)).toEqual([
      ['scsi0:0-snapshot-S1'],
      ['scsi0:0-snapshot-S2', 'scsi0:1-snapshot-S2'],
    ]);
  });

  it('that left the VM have only side branches; the newest snapshot leads, no volume stays', () => {
    const gone = plan({
      'scsi0:0': 'A(S1) -> A1*',
      'scsi0:1': 'B(S1) -> D1(S2); B -> D2(S3) -> D3(S4)',
    });
    expect(planWords(gone)).toEqual([
      'scsi0:0 main: create, A, cut S1, A1',
      'scsi0:1 side: create, B, cut S1, D2, cut S3, D3, cut S4, remove',
      'scsi0:1 side: restore S1, D1, cut S2, remove',
    ]);
    expect(gone.volumes.map(({ id, role, atEnd }) => [id, role, atEnd])).toEqual([
      ['scsi0:0-main', 'main', 'keep'],
      ['scsi0:1-scsi0:1/B', 'branch', 'remove'],
      ['scsi0:1-scsi0:1/D1', 'branch', 'remove'],
    ]);
  });

  it('left out are a finding by name, and their layers not wanted', () => {
    const left = plan(
      { 'scsi0:0': 'A(S1) -> A1*', 'scsi0:1': 'B(S1) -> D1*' },
      { leaveOutDisks: ['scsi0:1'] },
    );
    expect(planWords(left)).toEqual(['main: create, A, cut S1, A1']);
    expect(findings(left)).toContain('disk-left-out:scsi0:1');
    expect(
      left.layers
        .filter(layer => layer.diskId === 'scsi0:1')
        .map(({ flag, reason }) => [flag, reason]),
    ).toEqual([
      ['not-wanted', 'its disk is left out'],
      ['not-wanted', 'its disk is left out'],
    ]);
  });

  it('are found by id or label; a name of none or of several is refused', () => {
    const input = planInput({ a: 'A*', b: 'B*' });
    const twins = {
      ...input.tree,
      disks: input.tree.disks.map(disk => ({ ...disk, label: 'scsi0:1' })),
    };
    const leave = (name: string, from = input.tree): PlanInput => ({
      ...input,
      tree: from,
      options: { ...input.options, leaveOutDisks: [name] },
    });
    expect(() => buildPlan(leave('scsi9:9'))).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    expect(() => buildPlan(leave('scsi0:1', twins))).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
    expect(planWords(buildPlan(leave('a', twins)))).toEqual(['main: create, B']);
  });

  it('get a volume of the largest capacity in their tree, rounded up; a state keeps its own size', () => {
    const grown = plan(
      'B[1+0/10](S1) -> D1[1+0/21]*; B -> D2[1+0/11](S2)',
      {},
      {
        capabilities: { classes: [storageClass({ sizeStepBytes: 4 * MIB })] },
      },
    );
    expect(grown.volumes.map(({ sizeBytes }) => sizeBytes)).toEqual([24 * MIB, 24 * MIB]);
    expect(grown.volumeSnapshots.map(({ stateSizeBytes }) => stateSizeBytes)).toEqual([
      10 * MIB,
      11 * MIB,
    ]);
  });
});

describe('what cannot be read', () => {
  it('leaves a running tip out, carries the frozen history, and says so', () => {
    const running = plan('B(S1) -> D1!running*; B -> D2(S2)');
    expect(planWords(running)).toEqual([
      'main: create, B, cut S1',
      'side: restore S1, D2, cut S2, remove',
    ]);
    const finding = running.findings.find(({ id }) => id === 'current-not-frozen:current');
    expect(finding).toMatchObject({ severity: 'blocks', acceptable: true });
    expect(running.layers.find(({ id }) => id === 'D1')).toMatchObject({
      flag: 'not-wanted',
      reason: 'cannot be read: D1.vmdk is running',
    });
  });

  it('never writes a side branch onto the main volume that waits for a running tip', () => {
    expect(words('B -> D1!running*; B -> D2(S2)')).toEqual([
      'main: create, B, cut fork at B',
      'side: restore fork at B, D2, cut S2, remove',
      'remove fork at B',
    ]);
  });

  it('names every snapshot that stands on an unreadable file', () => {
    const damaged = plan('B(S1) -> D1!missing(S2) -> D2(S3) -> D3*');
    expect(planWords(damaged)).toEqual(['main: create, B, cut S1']);
    expect(findings(damaged)).toEqual(
      expect.arrayContaining([
        'snapshot-incomplete:S2',
        'snapshot-incomplete:S3',
        'current-not-readable:disk',
      ]),
    );
  });

  it('plans nothing for a disk without any readable layer', () => {
    const none = plan('B!unclean*');
    expect(planWords(none)).toEqual([]);
    expect(none.steps).toEqual([]);
    expect(findings(none)).toContain('current-not-frozen:current');
  });

  it('stops nobody who left out what stands on the damaged file', () => {
    const said = {
      id: 'layer-missing:D2.vmdk',
      kind: 'layer-missing',
      severity: 'blocks',
      object: 'D2.vmdk',
      cause: '',
      remedy: '',
      acceptable: true,
    } as const;
    const damaged = { ...tree('B(S1) -> D1*; B -> D2!missing(S2)'), findings: [said] };
    const severity = (of: Plan): unknown => of.findings.find(({ id }) => id === said.id)?.severity;
    expect(severity(plan(damaged))).toBe('blocks');
    expect(severity(plan(damaged, { keep: { rule: 'names', names: ['S1'] } }))).toBe('informs');
    expect(severity(plan(damaged, { leaveOutDisks: ['disk'] }))).toBe('informs');
  });

  it('tells of a leftover delta that no state stands on', () => {
    const leftover = plan('B(S1) -> D1*; B -> D7');
    expect(planWords(leftover)).toEqual(['main: create, B, cut S1, D1']);
    expect(findings(leftover)).toContain('leftover-delta:D7.vmdk');
  });
});

describe('keep rules', () => {
  const HISTORY = 'B(S1) -> D1(S2) -> D2(S3) -> D5*;  B -> D3(S4)';

  it('newest N: the rest is merged into the next kept state', () => {
    const newest = plan(HISTORY, { keep: { rule: 'newest', count: 2 } });
    expect(planWords(newest)).toEqual([
      'main: create, B, cut fork at B, D1, D2, cut S3, D5',
      'side: restore fork at B, D3, cut S4, remove',
      'remove fork at B',
    ]);
    expect(newest.snapshots.map(({ id, kept, mergedInto }) => [id, kept, mergedInto])).toEqual([
      ['S1', false, 'S3'],
      ['S2', false, 'S3'],
      ['S3', true, undefined],
      ['S4', true, undefined],
    ]);
    expect(findings(newest)).toEqual(
      expect.arrayContaining(['snapshot-merged:S1', 'snapshot-merged:S2']),
    );
  });

  it('names: a side branch that nobody keeps is dropped, and that blocks until it is accepted', () => {
    const names = plan(HISTORY, { keep: { rule: 'names', names: ['S2'] } });
    expect(planWords(names)).toEqual(['main: create, B, D1, cut S2, D2, D5']);
    expect(names.findings.find(({ id }) => id === 'snapshot-dropped:S4')).toMatchObject({
      severity: 'blocks',
      acceptable: true,
    });
    expect(names.layers.find(({ id }) => id === 'D3')).toMatchObject({
      flag: 'not-wanted',
      reason: 'no kept state needs it',
    });
    expect(names.snapshots.find(({ id }) => id === 'S3')?.mergedInto).toBe('current');
  });

  it('age: younger than', () => {
    const nowUs = TREE_EPOCH_US + 5 * TREE_HOUR_US;
    const young = plan(HISTORY, { keep: { rule: 'age', maxAgeMs: 2 * 3_600_000, nowUs } });
    expect(young.snapshots.filter(({ kept }) => kept).map(({ id }) => id)).toEqual(['S4']);
  });

  it('refuses a name that no snapshot has', () => {
    expect(() => plan(HISTORY, { keep: { rule: 'names', names: ['S9'] } })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  describe('tell what each snapshot costs, the others as they are', () => {
    const costs = (of: Plan): unknown =>
      of.snapshots.map(({ id, costBytes }) => [id, (costBytes ?? NaN) / MIB]);
    // S1 shares blocks until D1 (3 MiB) overwrites them; S2 until D2 (5 MiB); S4 is a leaf of 7 MiB.
    const history = 'B[10](S1) -> D1[3](S2) -> D2[5]*;  B -> D3[7](S4)';

    it('a fork is cut for its side branch anyway', () => {
      expect(costs(plan(history))).toEqual([
        ['S1', 0],
        ['S2', 0],
        ['S4', 7],
      ]);
      // All blocks are written either way: a base that is overwritten must have been kept.
      expect(costs(plan('B[10](S1) -> D1[10]*', { sampleWindows: 0 }))).toEqual([['S1', 0]]);
    });

    it('nothing of a branch is kept: whichever is the first of it costs the branch', () => {
      const branch = 'B[10](S1) -> D1[3]*;  B -> D3[7](S3) -> D4[2](S4)';
      expect(costs(plan(branch, { keep: { rule: 'newest', count: 0 } }))).toEqual([
        ['S1', 0],
        ['S3', 7],
        ['S4', 9],
      ]);
      // With S4 kept the branch is there, and S3 costs nothing more.
      expect(costs(plan(branch, { keep: { rule: 'newest', count: 1 } }))).toEqual([
        ['S1', 0],
        ['S3', 0],
        ['S4', 9],
      ]);
    });

    it('each is whole where a class copies', () => {
      const copies = { capabilities: { classes: [storageClass({ snapshotCost: 1 })] } };
      expect(costs(plan(history, {}, copies))).toEqual([
        ['S1', 0],
        ['S2', 13],
        // The branch of 17, and its copy.
        ['S4', 34],
      ]);
      expect(costs(plan(history, { keep: { rule: 'newest', count: 0 } }, copies))).toEqual([
        ['S1', 10],
        ['S2', 13],
        // Also the cut of the fork, 10.
        ['S4', 44],
      ]);
    });

    it('in time only of a history that is not too long to plan each way', () => {
      const long = Array.from({ length: 33 }, (_, at) => `D${at}[1](S${at})`).join(' -> ');
      const short = plan(history).snapshots.map(({ costMs = -1 }) => costMs);
      expect(short.every(ms => ms >= 0)).toBe(true);
      // The side branch is more steps than a cut is.
      expect(short[2]).toBeGreaterThan(short[1] ?? Infinity);
      const copies = { capabilities: { classes: [storageClass({ snapshotCost: 1 })] } };
      const { snapshots } = plan(`${long}*`, {}, copies);
      expect(snapshots.every(({ costMs }) => costMs === undefined)).toBe(true);
      expect(snapshots.map(({ costBytes = NaN }) => costBytes / MIB)).toEqual(
        snapshots.map((_, at) => at + 1),
      );
    });
  });
});

describe('steps', () => {
  it('start with the proof of the class, once', () => {
    const two = plan({ a: 'A*', b: 'B*' });
    expect(steps(two, 'proveClass')).toHaveLength(1);
    expect(steps(two, 'createVolume').map(({ after }) => after)).toEqual([
      ['proveClass:fast'],
      ['proveClass:fast'],
    ]);
  });

  it('put main volumes first, then branches, samples and clean-up', () => {
    const all = plan('B -> D1*; B -> D2(S1)', { sampleWindows: 4 });
    expect(all.steps.map(({ kind, priority }) => [kind, priority])).toEqual([
      ['proveClass', 0],
      ['createVolume', 0],
      ['applyLayer', 0],
      ['takeSnapshot', 0],
      ['applyLayer', 0],
      ['restoreVolume', 10],
      ['applyLayer', 10],
      ['takeSnapshot', 10],
      ['sampleSnapshot', 20],
      ['removeVolume', 30],
      ['removeVolumeSnapshot', 30],
    ]);
    expect(step(all, 'removeVolume:disk-D2').after).toEqual([
      'takeSnapshot:disk-snapshot-S1',
      'sampleSnapshot:disk-snapshot-S1',
    ]);
    expect(step(all, 'restoreVolume:disk-D2').after).toEqual(['takeSnapshot:disk-fork-B']);
  });

  it('sample the newest point of each disk: the present state where it is cut', () => {
    const newest = (cutCurrent: 'always' | 'when-the-target-asks'): readonly string[] =>
      steps(
        plan('B(S1) -> D1(S2) -> D2*; B -> D3(S3)', { sampleWindows: 2, cutCurrent }),
        'sampleSnapshot',
      ).map(({ id }) => id);
    expect(newest('when-the-target-asks')).toEqual(['sampleSnapshot:disk-snapshot-S3']);
    expect(newest('always')).toEqual(['sampleSnapshot:disk-current-D2']);
  });

  it('keep branch volumes where snapshots die with their volume, and say what they cost', () => {
    const history = 'B[10](S1) -> D1*; B -> D2[5](S2)';
    const stay = plan(history, {}, { probes: { fast: { snapshotsOutliveVolume: false } } });
    expect(planWords(stay)).toEqual([
      'main: create, B, cut S1, D1',
      'side: restore S1, D2, cut S2',
    ]);
    expect(stay.volumes.map(({ atEnd }) => atEnd)).toEqual(['keep', 'keep']);
    expect(stay.findings.find(({ id }) => id === 'branch-volumes-stay:fast')?.cause).toMatch(
      /64 MiB of capacity/,
    );
    const proved = plan(history, {}, { probes: { fast: { snapshotsOutliveVolume: true } } });
    expect(planWords(proved)).toEqual(words(history));
  });

  it.each([
    ['reads zeros: those of a base are no work', true, 10],
    ['reads anything: those of a base are written', false, 12],
  ])('weigh what they write onto a new volume that %s', (_, newVolumesReadZero, base) => {
    const classes = [storageClass({ newVolumesReadZero })];
    const weighed = plan('B[10+2](S1) -> D1[3+1]*', {}, { capabilities: { classes } });
    expect(step(weighed, 'applyLayer:disk-main:B').weightBytes).toBe(base * MIB);
    // A delta's zeros stand on its parent's data.
    expect(step(weighed, 'applyLayer:disk-main:D1').weightBytes).toBe(4 * MIB);
    expect(weighed.totals).toMatchObject({ layers: 2, dataBytes: 13 * MIB, zeroBytes: 3 * MIB });
  });
});

describe('size', () => {
  it('plans 3000 deltas in a row, and 3000 branches of one fork, in linear time and without recursion', () => {
    const chain = Array.from({ length: 3000 }, (_, i) => `D${i}(S${i})`).join(' -> ');
    const fan = Array.from({ length: 3000 }, (_, i) => `B -> D${i}(S${i})`).join(';');
    for (const text of [`B -> ${chain} -> T*`, `B -> T*; ${fan}`]) {
      const big = treeOf(text);
      const startedAt = performance.now();
      const planned = buildPlan(planInput(big, { sampleWindows: 1 }));
      const elapsedMs = performance.now() - startedAt;
      expect(planned.volumeSnapshots.length).toBeGreaterThanOrEqual(3000);
      // Measured: 0.8 s for both together. The limit leaves room for a busy machine.
      expect(elapsedMs).toBeLessThan(20_000);
    }
  });

  // The notation finds snapshot parents in quadratic time; these trees need none.
  function treeOf(text: string): ReturnType<typeof tree> {
    const bare = tree(text.replace(/\(S\d+\)/g, ''));
    const names = [...text.matchAll(/(D\d+)\((S\d+)\)/g)];
    const snapshots = names.map(([, layerId = '', id = ''], index) => ({
      id,
      name: id,
      description: '',
      createdAtUs: TREE_EPOCH_US + index,
      memory: false,
      disks: [{ diskId: 'disk', layerId, slot: 'scsi0:0' }],
    }));
    return { ...bare, snapshots };
  }
});

describe('the same input', () => {
  it('gives the same plan, byte for byte', () => {
    const once = JSON.stringify(plan('B(S1) -> D1*; B -> D2(S2)'));
    expect(JSON.stringify(plan('B(S1) -> D1*; B -> D2(S2)'))).toBe(once);
  });
});

describe('space', () => {
  const space = (of: Plan): unknown => of.totals.space;

  it('counts own bytes on shared storage, copies where each VolumeSnapshot is one', () => {
    const history = 'B[10](S1) -> D1[3](S2) -> D2[5]*;  B -> D3[7](S3)';
    expect(space(plan(history))).toEqual([
      { storageClass: 'fast', neededBytes: 25 * MIB, freeBytes: 1000 * GIB },
    ]);
    // main 18 + cuts 10 and 13; side 17 + cut 17
    expect(
      space(plan(history, {}, { capabilities: { classes: [storageClass({ snapshotCost: 1 })] } })),
    ).toEqual([{ storageClass: 'fast', neededBytes: 75 * MIB, freeBytes: 1000 * GIB }]);
  });

  it('that is short blocks, and may be accepted', () => {
    const short = plan(
      'B[10]*',
      {},
      { capabilities: { classes: [storageClass({ freeBytes: MIB })] } },
    );
    expect(short.findings.find(({ id }) => id === 'space-short:fast')).toMatchObject({
      severity: 'blocks',
      acceptable: true,
      cause: 'The plan needs up to 10 MiB on storage class fast; 1 MiB are free.',
    });
  });

  it('has names that may be taken by what a migration kept that was given up', () => {
    const free = plan('B(S1) -> D1*');
    const input = planInput('B(S1) -> D1*');
    const [cut] = free.volumeSnapshots;
    const names = new Map([
      [cut?.name ?? '', 'm-earlier'],
      ['of-another-prefix', 'm-other'],
    ]);
    const taken = buildPlan({ ...input, takenNames: names });
    expect(findings(taken).filter(id => !findings(free).includes(id))).toEqual([
      'names-taken:m-earlier',
    ]);
    expect(taken.findings.find(({ id }) => id === 'names-taken:m-earlier')).toMatchObject({
      severity: 'blocks',
      acceptable: false,
    });
    expect(taken.digest).not.toBe(free.digest);
  });

  it('has a ceiling of snapshots on one volume', () => {
    const classes = [storageClass({ maxSnapshotsPerVolume: 1 })];
    expect(findings(plan('B(S1) -> D1(S2) -> D2*', {}, { capabilities: { classes } }))).toContain(
      'too-many-snapshots:disk-main',
    );
    expect(findings(plan('B(S1) -> D1*', {}, { capabilities: { classes } }))).not.toContain(
      'too-many-snapshots:disk-main',
    );
  });
});

describe('memory', () => {
  it('of a kept snapshot is named as not carried, once', () => {
    const base = tree('B(S1) -> D1(S2) -> D2*');
    const withMemory = {
      ...base,
      snapshots: base.snapshots.map(each => ({ ...each, memory: each.id === 'S2' })),
    };
    const own = findings(buildPlan(planInput(withMemory))).filter(id => id.startsWith('memory'));
    expect(own).toEqual(['memory-not-carried:S2']);
    const source = {
      id: 'memory-not-carried:S2',
      kind: 'memory-not-carried',
      severity: 'warns',
      object: 'S2',
      cause: 'as the source says',
      remedy: '',
      acceptable: false,
    } as const;
    const said = buildPlan(planInput({ ...withMemory, findings: [source] })).findings;
    expect(said.filter(({ id }) => id === source.id)).toEqual([source]);
  });
});
