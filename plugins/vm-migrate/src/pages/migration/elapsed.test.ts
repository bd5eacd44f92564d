import type { DescriptionView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { descriptionOf, eventOf, migrationOf, stepOf } from '../../testing/views';
import { elapsedOf, isVerifying } from './elapsed';

const at = (minute: number): string => `2026-11-28T02:${String(minute).padStart(2, '0')}:00.000Z`;

type Migration = Partial<DescriptionView['migration']>;
type Rest = Partial<Omit<DescriptionView, 'migration'>>;
const described = (migration: Migration, rest: Rest = {}): DescriptionView =>
  descriptionOf({ ...migrationOf({ createdAt: at(0), ...migration }), disks: [], now: [] }, rest);
const wrote = stepOf({ id: 'write', finishedAt: at(9) });
const verifies = stepOf({ id: 'verify-1:a', kind: 'verifySnapshot', state: 'running' });
const failed = stepOf({ id: 'cut', state: 'failed', finishedAt: at(7) });

describe('the time that a page tells', () => {
  it.each<[string, DescriptionView, ReturnType<typeof elapsedOf>]>([
    [
      'of one that runs is that since its start',
      described({}),
      { of: 'sinceStart', fromAt: at(0), toAt: null },
    ],
    [
      'of one that is paused is that since it is',
      described(
        { state: 'paused' },
        {
          events: [
            eventOf(3, { kind: 'migration-paused', at: at(3) }),
            eventOf(9, { kind: 'migration-paused', at: at(5) }),
            eventOf(7, { kind: 'migration-running', at: at(4) }),
            eventOf(10, { kind: 'step-done', at: at(6) }),
          ],
        },
      ),
      { of: 'paused', fromAt: at(5), toAt: null },
    ],
    [
      'of one that is paused, nobody knows since when, is none',
      described({ state: 'paused' }),
      undefined,
    ],
    [
      'of one whose last known change is another is none',
      described(
        { state: 'paused' },
        { events: [eventOf(3, { kind: 'migration-running', at: at(3) })] },
      ),
      undefined,
    ],
    [
      'of one that begins later is none',
      described(
        { state: 'paused', beginsAt: at(30) },
        { events: [eventOf(3, { kind: 'migration-paused', at: at(3) })] },
      ),
      undefined,
    ],
    [
      'of one that failed is that since it did',
      described(
        { state: 'failed' },
        { steps: [failed], events: [eventOf(3, { kind: 'migration-failed', at: at(8) })] },
      ),
      { of: 'failed', fromAt: at(8), toAt: null },
    ],
    [
      'of one that failed long ago is that since its last step did',
      described({ state: 'failed' }, { steps: [failed] }),
      { of: 'failed', fromAt: at(7), toAt: null },
    ],
    [
      'of one that is migrated, and was verified much later, is that of the migration',
      described(
        { state: 'migrated', finishedAt: at(50) },
        { steps: [wrote, { ...verifies, state: 'done', finishedAt: at(50) }] },
      ),
      { of: 'took', fromAt: at(0), toAt: at(9) },
    ],
    [
      'of one that is only verified does not go on',
      described({}, { steps: [wrote, verifies] }),
      { of: 'took', fromAt: at(0), toAt: at(9) },
    ],
    [
      'of one that is verified in the middle of its work goes on',
      described({}, { steps: [wrote, stepOf({ state: 'blocked' }), verifies] }),
      { of: 'sinceStart', fromAt: at(0), toAt: null },
    ],
    [
      'of one that was canceled ends with it',
      described({ state: 'canceled', finishedAt: at(4) }),
      { of: 'took', fromAt: at(0), toAt: at(4) },
    ],
  ])('%s', (_name, description, expected) => {
    expect(elapsedOf(description)).toEqual(expected);
  });
});

it('VolumeSnapshots are verified as long as a step of that is open', () => {
  expect(isVerifying([wrote])).toBe(false);
  expect(isVerifying([wrote, { ...verifies, state: 'ready' }])).toBe(true);
  expect(isVerifying([{ ...verifies, state: 'done' }])).toBe(false);
});
