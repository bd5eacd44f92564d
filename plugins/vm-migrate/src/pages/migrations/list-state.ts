/**
 * What the list of migrations shows, as the address of the page says it: a link to it shows the same,
 * and the browser's way back works. What the address says wrongly counts as not said.
 */
import type {
  MigrationStateView,
  OperationInput,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

/** In the order in which somebody wants to know of them. */
export const STATES: readonly MigrationStateView[] = [
  'running',
  'paused',
  'failed',
  'migrated',
  'canceled',
];

export type Sort = NonNullable<OperationInput<'getMigrations'>['sort']>;
const SORTS: readonly Sort['by'][] = ['created', 'finished', 'vm', 'state', 'progress'];

export const PAGE_SIZES = [10, 25, 50, 100] as const;
const NORMAL_SIZE = 25;
const NEWEST_FIRST: Sort = { by: 'created', order: 'desc' };
const MAX_TEXT = 200;

export interface ListState {
  /** None: all. */
  readonly states: readonly MigrationStateView[];
  /** Part of VM, id, owner and the like. */
  readonly text: string | undefined;
  readonly owner: string | undefined;
  readonly source: string | undefined;
  readonly sort: Sort;
  /** From 0. */
  readonly page: number;
  readonly pageSize: number;
}

export function listStateOf(query: URLSearchParams): ListState {
  const said = (name: string) => {
    const text = query.get(name)?.trim().slice(0, MAX_TEXT);
    return text === undefined || text === '' ? undefined : text;
  };
  const states = (query.get('state') ?? '').split(',');
  const sort = /^(-?)([a-z]+)$/.exec(query.get('sort') ?? '');
  const by = SORTS.find(name => name === sort?.[2]);
  const size = Number(query.get('size'));
  const page = Number(query.get('page'));
  return {
    states: STATES.filter(state => states.includes(state)),
    text: said('q'),
    owner: said('owner'),
    source: said('source'),
    sort: by === undefined ? NEWEST_FIRST : { by, order: sort?.[1] === '-' ? 'desc' : 'asc' },
    page: Number.isSafeInteger(page) && page > 1 ? page - 1 : 0,
    pageSize: PAGE_SIZES.find(known => known === size) ?? NORMAL_SIZE,
  };
}

/** As short as it can be: what is as always is not said. */
export function queryOf(state: ListState): URLSearchParams {
  const { states, text, owner, source, sort, page, pageSize } = state;
  const query = new URLSearchParams();
  if (states.length > 0) query.set('state', states.join(','));
  if (text !== undefined) query.set('q', text);
  if (owner !== undefined) query.set('owner', owner);
  if (source !== undefined) query.set('source', source);
  if (sort.by !== NEWEST_FIRST.by || sort.order !== NEWEST_FIRST.order)
    query.set('sort', `${sort.order === 'desc' ? '-' : ''}${sort.by}`);
  if (page > 0) query.set('page', String(page + 1));
  if (pageSize !== NORMAL_SIZE) query.set('size', String(pageSize));
  return query;
}

/** The filter without the states: how many there are of each state is shown beside each. */
export function countInput({ text, owner, source }: ListState): OperationInput<'countMigrations'> {
  return {
    ...(text === undefined ? {} : { text }),
    ...(owner === undefined ? {} : { owner }),
    ...(source === undefined ? {} : { source }),
  };
}

export function pageInput(state: ListState): OperationInput<'getMigrations'> {
  const { states, sort, page, pageSize } = state;
  return {
    ...countInput(state),
    ...(states.length === 0 ? {} : { states: [...states] }),
    sort,
    limit: pageSize,
    offset: page * pageSize,
  };
}

export function isFiltered({ states, text, owner, source }: ListState): boolean {
  return states.length > 0 || [text, owner, source].some(said => said !== undefined);
}
