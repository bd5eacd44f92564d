import type {
  TreeDiskView,
  TreeNodeView,
  TreeStageView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { ownBytesOf, pointStateOf } from './disk-state';

const disk = (stage: TreeStageView, rest: Partial<TreeDiskView> = {}): TreeDiskView => ({
  disk: 'scsi0:0',
  layerFile: 'a.vmdk',
  format: 'hosted-sparse',
  dataBytes: 10,
  zeroBytes: 2,
  flag: 'needs migration',
  state: stage,
  stage,
  step: null,
  volumeSnapshot: null,
  ...rest,
});

const copying = (bytesDone: number, bytesPerSecond: number, etaMs: number | null) =>
  disk('copying', {
    step: {
      id: 'a',
      kind: 'applyLayer',
      words: 'write a.vmdk',
      state: 'running',
      progress: { bytesDone, bytesTotal: 100, bytesPerSecond, etaMs },
      waitsFor: null,
      waitsSince: null,
      worker: 'w',
      attempts: 1,
      error: null,
    },
  });

const point = (disks: readonly TreeDiskView[], rest: Partial<TreeNodeView> = {}): TreeNodeView => ({
  id: '1',
  parentId: null,
  name: 'one',
  description: '',
  createdAt: null,
  quiesced: null,
  memory: false,
  kept: true,
  mergedInto: null,
  disks,
  ...rest,
});

describe('the state of a point', () => {
  it.each<[TreeStageView[], TreeStageView]>([
    [['ready', 'failed', 'copying'], 'failed'],
    [['ready', 'waiting', 'copying'], 'copying'],
    [['ready', 'proved'], 'ready'],
    [['ready', 'not-wanted'], 'ready'],
    [['proved', 'cut'], 'cut'],
  ])('of disks that are %j is %s', (stages, expected) => {
    expect(pointStateOf(point(stages.map(stage => disk(stage))))).toMatchObject({
      stage: expected,
    });
  });

  it('without disks says so', () => {
    expect(pointStateOf(point([]))).toEqual({ stage: 'no-disks' });
  });

  it('sums what is copied; the slowest disk decides when it is done', () => {
    const state = pointStateOf(point([copying(10, 5, 18_000), copying(50, 10, 5_000)]));
    expect(state).toMatchObject({
      step: {
        progress: { bytesDone: 60, bytesTotal: 200, bytesPerSecond: 15, etaMs: 18_000 },
      },
    });
    expect(pointStateOf(point([copying(1, 0, null), copying(5, 5, 1)]))).toMatchObject({
      step: { progress: { etaMs: null } },
    });
  });

  it('whose restore is read now is being verified, with the bytes of all that are', () => {
    const reading = (kind: string, state: 'running' | 'ready', bytesDone: number) => {
      const { step } = copying(bytesDone, 10, 1);
      return disk('proved', { step: step === null ? null : { ...step, kind, state } });
    };
    const waits = reading('verifySnapshot', 'ready', 0);
    expect(
      pointStateOf(
        point([
          disk('proved'),
          reading('verifySnapshot', 'running', 30),
          waits,
          reading('sampleSnapshot', 'running', 10),
        ]),
      ),
    ).toMatchObject({
      stage: 'verifying',
      step: { progress: { bytesDone: 40, bytesTotal: 200, bytesPerSecond: 20 } },
    });
    expect(pointStateOf(point([waits]))).toMatchObject({ stage: 'proved' });
    expect(
      pointStateOf(point([copying(1, 1, 1), reading('verifySnapshot', 'running', 1)])),
    ).toMatchObject({ stage: 'copying' });
  });

  it('one that is not kept says what it is merged into, unless something goes on in it', () => {
    const merged = { kept: false, mergedInto: '2' };
    expect(pointStateOf(point([disk('migrated')], merged))).toEqual({ stage: 'merged', into: '2' });
    expect(pointStateOf(point([copying(1, 1, 1)], merged))).toMatchObject({ stage: 'copying' });
  });
});

it('own bytes of a point are known when those of each disk are', () => {
  expect(ownBytesOf([disk('ready'), disk('ready')])).toEqual({ data: 20, zero: 4 });
  expect(ownBytesOf([disk('ready'), disk('not-migrated', { dataBytes: null })])).toBeNull();
});
