/** What pages say of findings, held against the kinds that the engine has. */
import { PLAN_FINDING_KINDS } from '../../packages/engine/src/plan/findings';
import { FINDING_KINDS } from '../../packages/engine/src/sources/finding-kinds';
import { findingWords } from '../../plugins/vm-migrate/src/translations/en/finding-words';

/** Their remedies have figures and names of this very finding: the engine's sentence is shown. */
const IN_THE_ENGINES_WORDS = [
  'class-not-chosen',
  'guest-disk-driver',
  'guest-firmware',
  'guest-network-driver',
  'too-many-snapshots',
];

describe('words of findings', () => {
  const kinds = [...new Set([...Object.keys(PLAN_FINDING_KINDS), ...Object.keys(FINDING_KINDS)])];

  it('every kind has a title, and there is no title of a kind that is no more', () => {
    expect(Object.keys(findingWords.findingKinds).sort()).toEqual(kinds.sort());
  });

  it('every kind has a remedy of its own, or the engine is quoted on purpose', () => {
    const rest = kinds.filter(kind => !Object.hasOwn(findingWords.findingRemedies, kind));
    expect(rest.sort()).toEqual(IN_THE_ENGINES_WORDS);
  });

  it('no page speaks of flags', () => {
    expect(
      Object.values(findingWords.findingRemedies).filter(text => /--[a-z]/.test(text)),
    ).toEqual([]);
  });
});
