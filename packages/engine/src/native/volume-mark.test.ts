import { differingFields, markOf, type WrittenMark } from './volume-mark';

/** As a target of an earlier build wrote it: the form is a promise to the disks that are out there. */
const FILE = `{
  "format": "vm-migrate/volume/1",
  "mark": {
    "storeId": "5f0c", "migrationId": "m-1", "volumeId": "v1", "generation": 2,
    "phase": "writing", "layerId": "l3", "fence": 7, "manifestDigest": "ab"
  },
  "spec": {}
}`;

const MARK: WrittenMark = {
  storeId: '5f0c',
  migrationId: 'm-1',
  volumeId: 'v1',
  generation: 2,
  phase: 'writing',
  layerId: 'l3',
  fence: 7,
  manifestDigest: 'ab',
};

const { layerId: _layer, manifestDigest: _digest, ...EMPTY } = { ...MARK, phase: 'empty' as const };

describe('the mark in a metadata file', () => {
  it('is its field `mark`, whatever stands beside it', () => {
    expect(markOf(JSON.parse(FILE))).toEqual(MARK);
    expect(markOf({ mark: EMPTY })).toEqual(EMPTY);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'mark'],
    ['null', null],
    ['no mark', { format: 'vm-migrate/volume/1' }],
    ['a mark that is a text', { mark: 'm-1' }],
    ['the fields without `mark` around them', MARK],
    ['an unknown phase', { mark: { ...MARK, phase: 'done' } }],
    ['a fence in quotes', { mark: { ...MARK, fence: '7' } }],
    ['a layer that is a number', { mark: { ...MARK, layerId: 3 } }],
  ])('there is none in %s', (_what, record) => {
    expect(markOf(record)).toBeUndefined();
  });

  it.each(Object.keys(MARK) as (keyof WrittenMark)[])('cannot go without %s unseen', field => {
    const { [field]: _left, ...rest } = MARK;
    const optional = field === 'layerId' || field === 'manifestDigest';
    expect(markOf({ mark: rest }) !== undefined).toBe(optional);
    expect(differingFields(MARK, rest as WrittenMark)).toEqual([field]);
  });
});
