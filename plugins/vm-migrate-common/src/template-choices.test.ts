import { isEntityRef, templateOptions, type TemplateKeep } from './template-choices';

describe('what is kept', () => {
  it.each([
    [{ rule: 'all', count: 3 }, { rule: 'all' }],
    [
      { rule: 'newest', count: 3, names: [] },
      { rule: 'newest', count: 3 },
    ],
    [
      { rule: 'names', names: ['a'] },
      { rule: 'names', names: ['a'] },
    ],
    [
      { rule: 'age', days: 2 },
      { rule: 'age', maxAgeMs: 172_800_000 },
    ],
  ] as [TemplateKeep, unknown][])('%j of a form is %j', (keep, rule) => {
    expect(templateOptions({ target: '', keep })).toEqual({ keep: rule });
  });
});

it.each([
  ['resource:default/lab.3f2a', true],
  ['lab/web 1', false],
  ['lab/a:b/c', false],
])('%s is an entity ref: %s', (vm, isOne) => expect(isEntityRef(vm)).toBe(isOne));
