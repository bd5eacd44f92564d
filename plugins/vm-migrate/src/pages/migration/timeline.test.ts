import type { StepView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import fc from 'fast-check';
import { shownStateOf, ticksOf, timelineOf } from './timeline';

const at = (seconds: number): string => new Date(seconds * 1_000).toISOString();

const step = (id: string, from: number | null, to: number | null, rest: Partial<StepView> = {}) =>
  ({
    id,
    kind: 'applyLayer',
    words: id,
    state: to === null ? 'running' : 'done',
    after: [],
    diskId: 'd0',
    weightBytes: 0,
    progress: null,
    waitsFor: null,
    waitsSince: null,
    worker: null,
    attempts: 1,
    error: null,
    startedAt: from === null ? null : at(from),
    finishedAt: to === null ? null : at(to),
    ...rest,
  }) satisfies StepView;

describe('timelineOf', () => {
  it('what ran side by side is in rows of its own, and what runs ends now', () => {
    const timeline = timelineOf(
      [
        step('a', 0, 10),
        step('b', 10, 20, { kind: 'takeSnapshot' }),
        step('c', 12, null),
        step('d', 5, 7, { diskId: null, kind: 'proveClass' }),
        step('later', null, null),
      ],
      100_000,
    );
    expect(timeline?.toMs).toBe(100_000);
    expect(
      timeline?.tracks.map(({ diskId, rows }) => [
        diskId,
        rows.map(row => row.map(bar => bar.key)),
      ]),
    ).toEqual([
      [null, [['d']]],
      ['d0', [['a', 'b'], ['c']]],
    ]);
  });

  it('disks come by their slots, whichever began first', () => {
    const slots = ['scsi0:10', 'scsi0:0', 'scsi0:2', 'scsi0:1'];
    const steps = slots.map((slot, index) => step(slot, index, 9, { diskId: `id of ${slot}` }));
    const labels = new Map(slots.map(slot => [`id of ${slot}`, slot]));
    const tracks = timelineOf(steps, 0, labels)?.tracks ?? [];
    expect(tracks.map(({ diskId }) => labels.get(diskId ?? ''))).toEqual([
      'scsi0:0',
      'scsi0:1',
      'scsi0:2',
      'scsi0:10',
    ]);
  });

  it.each(['ready', 'queued', 'waiting', 'running'] as const)(
    'one that is %s and says what it waits for waits',
    state => {
      const waits = step('a', 0, null, { state, waitsFor: 'a free place' });
      expect(shownStateOf(waits)).toBe('waiting');
      expect(timelineOf([waits], 9)?.tracks[0]?.rows[0]?.[0]?.look).toBe('waiting');
      expect(shownStateOf({ ...waits, waitsFor: null })).toBe(state);
    },
  );

  it('nothing has begun: there is no axis', () => {
    expect(timelineOf([step('later', null, null)], 5)).toBeUndefined();
  });

  it('20,000 short layers are as many bars as an eye can tell apart, and none is lost or on top of another', () => {
    const steps = Array.from({ length: 20_000 }, (_, index) => step(`s${index}`, index, index + 1));
    const [track] = timelineOf(steps, 0)?.tracks ?? [];
    const bars = track?.rows.flat() ?? [];
    expect(bars.length).toBeLessThanOrEqual(600);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
  });

  it('bars of a row never overlap, whatever ran when', () => {
    const runs = fc.array(fc.record({ from: fc.nat(1_000), length: fc.nat(300) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(runs, all => {
        const steps = all.map(({ from, length }, index) => step(`s${index}`, from, from + length));
        for (const { rows } of timelineOf(steps, 0)?.tracks ?? [])
          for (const row of rows)
            for (const [index, bar] of row.entries())
              expect(bar.fromMs).toBeGreaterThanOrEqual(row[index - 1]?.toMs ?? 0);
      }),
    );
  });
});

it.each([
  [60_000, 6],
  [1_000, 6],
  [90 * 86_400_000, 6],
])('an axis of %d ms has round times, %d at most', (lengthMs, most) => {
  const ticks = ticksOf(lengthMs, most);
  expect(ticks.length).toBeGreaterThan(1);
  expect(ticks.length).toBeLessThanOrEqual(most + 1);
});
