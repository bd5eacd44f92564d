import fc from 'fast-check';
import {
  isFiltered,
  listStateOf,
  pageInput,
  PAGE_SIZES,
  queryOf,
  STATES,
  type ListState,
} from './list-state';

const plain: ListState = {
  states: [],
  text: undefined,
  owner: undefined,
  source: undefined,
  sort: { by: 'created', order: 'desc' },
  page: 0,
  pageSize: 25,
};

const text = fc.option(
  fc
    .string({ minLength: 1, maxLength: 40 })
    .map(word => word.trim())
    .filter(word => word !== ''),
  { nil: undefined },
);
const state = fc.record<ListState>({
  states: fc.subarray([...STATES]),
  text,
  owner: text,
  source: text,
  sort: fc.record({
    by: fc.constantFrom('created', 'finished', 'vm', 'state', 'progress'),
    order: fc.constantFrom('asc', 'desc'),
  }),
  page: fc.nat(10_000),
  pageSize: fc.constantFrom(...PAGE_SIZES),
});

describe('the list of migrations in the address', () => {
  it('is the same after it was written and read', () => {
    // fast-check prints the seed of a failure.
    fc.assert(
      fc.property(state, said => {
        expect(listStateOf(new URLSearchParams(queryOf(said).toString()))).toEqual(said);
      }),
    );
  });

  it('is empty for what is as always', () => {
    expect(queryOf(plain).toString()).toBe('');
    expect(isFiltered(plain)).toBe(false);
  });

  it.each([
    '',
    'state=gone,,',
    'sort=owner',
    'sort=--vm',
    'page=-1',
    'page=0',
    'page=1e9999',
    'page=two',
    'size=0',
    'size=1000000',
    'q=%20%20',
  ])('"%s" says nothing', query => {
    expect(listStateOf(new URLSearchParams(query))).toEqual(plain);
  });

  it('asks for one page', () => {
    const said = listStateOf(
      new URLSearchParams('state=failed,running&q=web&sort=-progress&page=3&size=10'),
    );
    expect(pageInput(said)).toEqual({
      states: ['running', 'failed'],
      text: 'web',
      sort: { by: 'progress', order: 'desc' },
      limit: 10,
      offset: 20,
    });
  });
});
