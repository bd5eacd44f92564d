/** The page of one migration, and its history in every shape. */
import { denied, FAILURES, idOf, unreachable, type GalleryEntry } from '../entry';
import { fails, isSlow, type Fixtures } from '../fixture-client';
import { MIGRATION_ID } from '../../testing/views';
import { DESCRIPTIONS, EVENTS, OBJECTS, REPORT } from '../fixtures/migrations';
import { TREES } from '../fixtures/trees';

const missing = fails(
  { code: 'NOT_FOUND', message: `There is no migration ${MIGRATION_ID}.` },
  404,
);

const signedOut = fails({ code: 'NOT_SIGNED_IN', message: 'Who asks is not known.' }, 401);

function migration(
  state: string,
  answers: Fixtures,
  { tab = 'history', refuses }: { tab?: string; refuses?: 'everything' } = {},
): GalleryEntry {
  return {
    id: idOf('migration', state),
    view: 'A migration',
    state,
    answers: {
      getTree: TREES.running,
      getReport: REPORT,
      getObjects: OBJECTS,
      getEvents: ({ before = Infinity, after = 0, limit = 200 }) =>
        EVENTS.filter(({ id }) => id < before && id > after).slice(-limit),
      ...answers,
    },
    ...(refuses === undefined ? {} : { refuses }),
    shows: { path: `/migrations/${MIGRATION_ID}${tab === 'history' ? '' : `/${tab}`}` },
  };
}

function history(state: keyof typeof TREES, words: string): GalleryEntry {
  return {
    ...migration(`history ${words}`, { describe: DESCRIPTIONS.running, getTree: TREES[state] }),
    id: `history-${state}`,
    view: 'History',
    state: words,
  };
}

export const MIGRATION_ENTRIES: readonly GalleryEntry[] = [
  migration('starting', { describe: DESCRIPTIONS.starting, getTree: TREES.before }),
  migration('running', { describe: DESCRIPTIONS.running }),
  migration('waiting', { describe: DESCRIPTIONS.waiting, getTree: TREES.waiting }),
  migration('pausing', { describe: DESCRIPTIONS.pausing }),
  migration('paused', { describe: DESCRIPTIONS.paused }),
  migration('failed', { describe: DESCRIPTIONS.failed, getTree: TREES.failed }),
  migration('migrated', { describe: DESCRIPTIONS.migrated, getTree: TREES.migrated }),
  migration('verifying', { describe: DESCRIPTIONS.verifying, getTree: TREES.verifying }),
  migration('canceled', { describe: DESCRIPTIONS.canceled }),
  migration(
    'not allowed to control',
    { describe: DESCRIPTIONS.running },
    { refuses: 'everything' },
  ),
  migration('timeline', { describe: DESCRIPTIONS.running }, { tab: 'timeline' }),
  migration('timeline failed', { describe: DESCRIPTIONS.failed }, { tab: 'timeline' }),
  migration('timeline empty', { describe: DESCRIPTIONS.starting }, { tab: 'timeline' }),
  migration('events', { describe: DESCRIPTIONS.running }, { tab: 'events' }),
  migration('events none', { describe: DESCRIPTIONS.running, getEvents: [] }, { tab: 'events' }),
  migration(
    'events error',
    { describe: DESCRIPTIONS.running, getEvents: denied },
    { tab: 'events' },
  ),
  migration('findings', { describe: DESCRIPTIONS.running }, { tab: 'findings' }),
  migration('findings none', { describe: DESCRIPTIONS.starting }, { tab: 'findings' }),
  migration('report', { describe: DESCRIPTIONS.migrated }, { tab: 'report' }),
  migration('loading', { describe: isSlow }),
  migration('missing', { describe: missing }),
  ...FAILURES.map(([state, failure]) => migration(state, { describe: failure })),
  { ...migration('no answer any more', { describe: DESCRIPTIONS.running }), stream: 'lost' },
  {
    ...migration('signed out', { describe: DESCRIPTIONS.running }),
    stream: { refused: signedOut() },
  },
  {
    ...migration('not allowed to read events', { describe: DESCRIPTIONS.running }),
    stream: { refused: denied() },
  },
  migration('history that does not come', { describe: DESCRIPTIONS.running, getTree: unreachable }),
  history('before', 'before a migration'),
  history('forks', 'with forks inside forks'),
  history('line', 'of 20,000 points'),
  history('hostile', 'with names that mean harm'),
  history('noSnapshots', 'without snapshots'),
  history('unreadable', 'of a VM that runs'),
];
