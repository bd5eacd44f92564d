import type { EventView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import fc from 'fast-check';
import { EMPTY_LOG, withEvents, withOlder } from './event-log';

const event = (id: number): EventView => ({
  id,
  at: new Date(id * 1_000).toISOString(),
  migration: 'm-1',
  step: null,
  level: 'info',
  kind: 'step',
  actor: 'worker',
  message: `event ${id}`,
});

describe('the log of events', () => {
  it('has each event once and in order, in whatever pieces and however often they came', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(50))), pieces => {
        const log = pieces.reduce((sum, ids) => withEvents(sum, ids.map(event)), EMPTY_LOG);
        const expected = [...new Set(pieces.flat())].sort((a, b) => b - a);
        expect(log.events.map(({ id }) => id)).toEqual(expected);
      }),
    );
  });

  it('what is known already leaves it the same, so that nothing is drawn again', () => {
    const log = withEvents(EMPTY_LOG, [event(3), event(1)]);
    expect(withEvents(log, [event(1)])).toBe(log);
  });

  it('is complete when an older page is shorter than it was asked for', () => {
    const log = withOlder(EMPTY_LOG, [event(8), event(9)], 2);
    expect(log.isComplete).toBe(false);
    expect(withOlder(log, [event(7)], 2)).toMatchObject({ isComplete: true });
  });
});
