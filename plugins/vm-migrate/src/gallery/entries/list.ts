/** The list of migrations. */
import { objectOf, placeOf } from '../../testing/views';
import { FAILURES, idOf, type GalleryEntry } from '../entry';
import { isSlow, type Fixtures } from '../fixture-client';
import { countsOf, MANY, manyMigrations, pageOf, waitingMigrations } from '../fixtures/list';

function list(
  state: string,
  answers: Fixtures,
  { query = '', refuses }: { query?: string; refuses?: 'everything' } = {},
): GalleryEntry {
  return {
    id: idOf('list', state),
    view: 'Migrations',
    state,
    answers: {
      getMigrations: pageOf(MANY),
      countMigrations: countsOf(MANY),
      getPlace: placeOf({ sources: ['attic', 'lab'] }),
      getObjects: ({ migrations = [] }) =>
        migrations.flatMap(migration => [
          objectOf({ migration, kind: 'volume', purpose: 'main', name: `volume-of-${migration}` }),
          ...Array.from({ length: 9 }, (_, at) =>
            objectOf({
              migration,
              name: `cut-${at + 1}-of-${migration}`,
              snapshot: `nightly ${at}`,
            }),
          ),
        ]),
      ...answers,
    },
    ...(refuses === undefined ? {} : { refuses }),
    shows: { path: `/${query}` },
  };
}

const FIVE_HUNDRED = manyMigrations(500);
const FORTY_WAITING = waitingMigrations(40);

export const LIST_ENTRIES: readonly GalleryEntry[] = [
  list('many', {}),
  list(
    '500 VMs',
    { getMigrations: pageOf(FIVE_HUNDRED), countMigrations: countsOf(FIVE_HUNDRED) },
    { query: '?size=100' },
  ),
  list(
    'four of 40 at a time',
    { getMigrations: pageOf(FORTY_WAITING), countMigrations: countsOf(FORTY_WAITING) },
    { query: '?size=50' },
  ),
  list('failed only', {}, { query: '?state=failed' }),
  list('last page', {}, { query: '?page=3' }),
  list('nothing fits', {}, { query: '?q=no-such-vm' }),
  list('unused', { getMigrations: [], countMigrations: countsOf([]) }),
  list('not allowed to control', {}, { refuses: 'everything' }),
  list('loading', { getMigrations: isSlow, countMigrations: isSlow, getPlace: isSlow }),
  ...FAILURES.map(([state, failure]) =>
    list(state, { getMigrations: failure, countMigrations: failure, getPlace: failure }),
  ),
];
