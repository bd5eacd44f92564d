import {
  acceptedBefore,
  askedOf,
  faultOfReview,
  isSameReview,
  plannedForOf,
  type Asked,
} from './review';

const asked: Asked = { vm: 'lab/web 1', options: {} };

describe('what a form asks a plan for', () => {
  it.each([
    ['only what is filled in', { vm: 'lab/a', place: {}, keep: {} }, {}],
    [
      'half of a rule',
      { vm: 'lab/a', keep: { rule: 'names', names: ['x', null, ''] } },
      { keep: { rule: 'names', names: ['x'] } },
    ],
    [
      'numbers that are none',
      { vm: 'lab/a', keep: { rule: 'newest', count: -1 } },
      { keep: { rule: 'newest', count: 1 } },
    ],
    ['a prefix', { vm: 'lab/a', namePrefix: 'shop' }, { namePrefix: 'shop' }],
    ['no prefix', { vm: 'lab/a', namePrefix: '' }, {}],
    ['a rule that nobody knows', { vm: 'lab/a', keep: { rule: 'luck' } }, {}],
  ])('%s', (_name, form, options) => {
    expect(askedOf(form)).toEqual({ vm: 'lab/a', options });
  });

  it.each([undefined, null, {}, { vm: ' ' }, { vm: 7 }])('is nothing without a VM: %j', form => {
    expect(askedOf(form)).toBeUndefined();
  });
});

describe('a review', () => {
  const reviewed = {
    accept: ['a'],
    planDigest: 'd',
    blocking: [],
    summary: '',
    plannedFor: plannedForOf(asked),
  };

  it('is one of what the form says now, or none', () => {
    expect(faultOfReview(reviewed, { vm: 'lab/web 1' })).toBeUndefined();
    expect(faultOfReview(reviewed, { vm: 'lab/web 1', cutCurrent: true })).toEqual({
      kind: 'noPlan',
    });
    expect(faultOfReview({}, { vm: 'lab/web 1' })).toEqual({ kind: 'noPlan' });
    expect(faultOfReview(undefined, {})).toEqual({ kind: 'noPlan' });
  });

  it('stands in the way of nobody only while every field says so', () => {
    const blocked = { ...reviewed, blocking: ['b', 'c'] };
    const form = { vm: 'lab/web 1', until: 'plan' };
    const when = { until: 'plan', really: true };
    expect(faultOfReview(blocked, form, { continueWhen: { until: 'plan' } })).toBeUndefined();
    expect(faultOfReview(blocked, form, { continueWhen: when })).toEqual({
      kind: 'blocking',
      count: 2,
    });
    expect(faultOfReview(blocked, form, { continueWhen: {} })).toMatchObject({ count: 2 });
  });

  it('says what was accepted of this VM', () => {
    expect([...acceptedBefore(reviewed, 'lab/web 1')]).toEqual(['a']);
    expect([...acceptedBefore(reviewed, 'lab/web')]).toEqual([]);
    expect([...acceptedBefore(undefined, 'lab/web')]).toEqual([]);
  });
});

it('is the same review whatever the form put beside it, and no other', () => {
  const one = { accept: ['a'], planDigest: 'd', blocking: [], summary: 's', plannedFor: 'p' };
  expect(isSameReview(one, { ...one, other: 1 } as never)).toBe(true);
  expect(isSameReview(one, { ...one, accept: [] })).toBe(false);
  expect(isSameReview(one, undefined)).toBe(false);
});
