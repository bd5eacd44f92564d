/**
 * Every state of every view, without a backend. To add one: a line here, its answers in `fixtures`.
 * An entry is a page of ours at its path, or a part of an entity's page.
 */
import type { Entity } from '@backstage/catalog-model';
import type { ReactElement } from 'react';
import { EntityCard } from '../entity/entity-card';
import { EntityHistory } from '../entity/entity-history';
import type { SurfaceProps } from '../surface/surface';
import { fails, isSlow, type Fixtures } from './fixture-client';
import { MIGRATION_ID } from './fixtures/build';
import { DESCRIPTIONS, EVENTS, REPORT } from './fixtures/migrations';
import { TREES } from './fixtures/trees';

export interface GalleryEntry {
  /** In the address: stays the same, for tests and pictures. */
  readonly id: string;
  readonly view: string;
  readonly state: string;
  readonly answers: Fixtures;
  /** What the person may not do; everything may be done when absent. */
  readonly refuses?: 'everything';
  readonly shows:
    { readonly path: string } | { readonly part: (surface: SurfaceProps) => ReactElement };
}

const unsuitable = fails(
  {
    code: 'DATABASE_UNSUITABLE',
    message: 'The database is SQLite. Expected: PostgreSQL 14 or newer. Found: better-sqlite3.',
    hint: 'Set vmMigrate.database to a URL of PostgreSQL, or to embedded for one of its own.',
  },
  503,
);
const missing = fails({ code: 'NOT_FOUND', message: 'There is no migration m-9mbxaaqm.' }, 404);
const denied = fails({ code: 'ACCESS_DENIED', message: 'You may not do that.' }, 403);
const unreachable = fails(
  {
    code: 'API_UNREACHABLE',
    message: 'The backend does not answer as vm-migrate. Found: Failed to fetch.',
    hint: 'Check the address and that the backend runs.',
    retry: 'later',
  },
  502,
);

function migration(
  state: string,
  answers: Fixtures,
  { tab = 'history', refuses }: { tab?: string; refuses?: 'everything' } = {},
): GalleryEntry {
  return {
    id: `migration-${state.replaceAll(' ', '-')}`,
    view: 'A migration',
    state,
    answers: {
      getTree: TREES.running,
      getReport: REPORT,
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

const vmEntity: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: {
    name: 'vm-224e328117c73f17',
    annotations: { 'vm-migrate.io/source': 'lab', 'vm-migrate.io/vm-id': '224e328117c73f17' },
  },
  spec: { type: 'virtual-machine' },
};
const bareEntity: Entity = { ...vmEntity, metadata: { name: 'vm-224e328117c73f17' } };

function entityParts(state: string, answers: Fixtures, entity = vmEntity): GalleryEntry[] {
  return [
    {
      id: `entity-tab-${state.replaceAll(' ', '-')}`,
      view: 'Tab of an entity',
      state,
      answers,
      shows: { part: surface => <EntityHistory entity={entity} {...surface} /> },
    },
    {
      id: `entity-card-${state.replaceAll(' ', '-')}`,
      view: 'Card of an entity',
      state,
      answers,
      shows: { part: surface => <EntityCard entity={entity} {...surface} /> },
    },
  ];
}

export const ENTRIES: readonly GalleryEntry[] = [
  migration('starting', { describe: DESCRIPTIONS.starting, getTree: TREES.before }),
  migration('running', { describe: DESCRIPTIONS.running }),
  migration('waiting', { describe: DESCRIPTIONS.waiting, getTree: TREES.waiting }),
  migration('pausing', { describe: DESCRIPTIONS.pausing }),
  migration('paused', { describe: DESCRIPTIONS.paused }),
  migration('failed', { describe: DESCRIPTIONS.failed, getTree: TREES.failed }),
  migration('migrated', { describe: DESCRIPTIONS.migrated, getTree: TREES.migrated }),
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
  migration('not allowed to read', { describe: denied }),
  migration('no suitable database', { describe: unsuitable }),
  migration('unreachable', { describe: unreachable }),
  migration('history that does not come', { describe: DESCRIPTIONS.running, getTree: unreachable }),
  history('before', 'before a migration'),
  history('forks', 'with forks inside forks'),
  history('line', 'of 20,000 points'),
  history('hostile', 'with names that mean harm'),
  history('noSnapshots', 'without snapshots'),
  history('unreadable', 'of a VM that runs'),
  ...entityParts('before', { getMigrations: [], getTree: TREES.before }),
  ...entityParts('running', {
    getMigrations: [DESCRIPTIONS.running.migration],
    getTree: TREES.running,
  }),
  ...entityParts('failed', {
    getMigrations: [DESCRIPTIONS.failed.migration],
    getTree: TREES.failed,
  }),
  ...entityParts('migrated', {
    getMigrations: [DESCRIPTIONS.migrated.migration],
    getTree: TREES.migrated,
  }),
  ...entityParts('loading', { getMigrations: isSlow }),
  ...entityParts('no suitable database', { getMigrations: unsuitable }),
  ...entityParts('without annotations', {}, bareEntity),
];
