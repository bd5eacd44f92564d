/** Sources, targets, workers, the queue and the limits. */
import { FAILURES, idOf, type GalleryEntry } from '../entry';
import { isSlow, type Fixtures } from '../fixture-client';
import { NOTHING, TROUBLED, WELL } from '../fixtures/places';

function operations(state: string, answers: Fixtures, refuses?: 'everything'): GalleryEntry {
  return {
    id: idOf('operations', state),
    view: 'Sources, workers and limits',
    state,
    answers,
    ...(refuses === undefined ? {} : { refuses }),
    shows: { path: '/operations' },
  };
}

/** Each part of the page asks for its own. */
function allOf(answer: (typeof FAILURES)[number][1] | typeof isSlow): Fixtures {
  return {
    getQueue: answer,
    getWorkers: answer,
    getLimits: answer,
    getSources: answer,
    getTargets: answer,
  };
}

export const OPERATIONS_ENTRIES: readonly GalleryEntry[] = [
  operations('all well', WELL),
  operations('troubles', TROUBLED),
  operations('nothing configured', NOTHING),
  operations('not allowed to change limits', WELL, 'everything'),
  operations('loading', allOf(isSlow)),
  ...FAILURES.map(([state, failure]) => operations(state, allOf(failure))),
];
