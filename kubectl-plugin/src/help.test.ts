import { parseLine } from './arguments';
import { generalHelp, verbHelp } from './help';
import { VERBS } from './verbs';

const shown = VERBS.filter(({ group }) => group !== 'hidden');

describe('help', () => {
  it('groups every verb, and hides the hidden ones', () => {
    const text = generalHelp(VERBS);
    const at = ['Look:', 'Do:', 'Prove:', 'Run:'].map(title => text.indexOf(`\n${title}\n`));
    expect(at).not.toContain(-1);
    expect([...at].sort((a, b) => a - b)).toEqual(at);
    for (const { name } of shown) expect(text).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(text).not.toMatch(/^ {2}(background|demo)\b/m);
  });

  it('says that options go after the plugin', () => {
    expect(generalHelp(VERBS)).toContain('kubectl refuses "kubectl -o json vm-migrate"');
  });

  it.each(shown.map(verb => [verb.name, verb] as const))(
    'of %s has usage, its options and its examples',
    (name, verb) => {
      const text = verbHelp(verb);
      expect(text).toContain(`Usage: kubectl vm-migrate ${name}`);
      for (const option of Object.keys(verb.options))
        expect(text).toMatch(new RegExp(`--(no-)?${option}\\b`));
      for (const { command } of verb.examples)
        expect(text).toContain(`kubectl vm-migrate ${command}`);
      expect(verb.summary).toMatch(/^[a-z]/);
      expect(text).not.toMatch(/[ \t]$/m);
    },
  );

  it('of every verb gives examples that parse', () => {
    for (const { command } of shown.flatMap(({ examples }) => examples)) {
      const words = command.replace(/ >+ .*/, '').split(' ');
      expect(() => parseLine(words, VERBS)).not.toThrow();
    }
  });
});
