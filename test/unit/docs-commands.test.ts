// Commands that pages and hints name are there: npm scripts, verbs, and the options of each verb.
import { GLOBAL_OPTIONS } from '../../kubectl-plugin/src/global-options';
import { verbAt } from '../../kubectl-plugin/src/verb';
import { VERBS } from '../../kubectl-plugin/src/verbs';
import { codeOf, filesBelow, page, pages } from './pages';

const { scripts } = JSON.parse(page('package.json').text) as { scripts: Record<string, string> };
const lines = pages.flatMap(each =>
  codeOf(each).flatMap(code => code.split('\n').map(line => ({ file: each.file, line }))),
);

it('npm scripts', () => {
  const named = lines.flatMap(({ file, line }) =>
    [...line.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].map(([, run, test]) => ({
      file,
      script: run ?? test ?? '',
    })),
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

/** What is wrong with `kubectl vm-migrate WORDS`; undefined: nothing. */
function flawOf(words: string): string | undefined {
  const [first = '', ...rest] = words
    .replace(/\s#.*$/, '')
    .replace(/'[^']*'|"[^"]*"/g, 'TEXT')
    .split(/\s+/);
  if (!/^[a-z]/.test(first)) return undefined;
  const verb = verbAt([first, ...rest], VERBS)?.verb;
  if (verb === undefined) return `no verb ${first}`;
  const options = { ...GLOBAL_OPTIONS, ...verb.options };
  const known = Object.entries(options).flatMap(([name, option]) => [
    `--${name}`,
    `--no-${name}`,
    `-${String('alias' in option ? option.alias : name)}`,
  ]);
  const strangers = rest
    .filter(word => /^--?[a-z]/.test(word))
    .map(word => word.replace(/=.*$/, '').replace(/[.,;:)]+$/, ''))
    .filter(option => !known.includes(option));
  return strangers.length === 0 ? undefined : `${verb.name} has no ${strangers.join(', ')}`;
}

const wordsIn = (line: string): string[] =>
  [...line.matchAll(/kubectl(?: |-)vm[-_]migrate +([^`|>&;)]*)/g)].map(([, words = '']) =>
    words.trim(),
  );

it('verbs and their options, on pages', () => {
  const named = lines.flatMap(({ file, line }) => wordsIn(line).map(words => ({ file, words })));
  expect(named.length).toBeGreaterThan(60);
  const wrong = named.flatMap(({ file, words }) => {
    const flaw = flawOf(words);
    return flaw === undefined ? [] : [`${file}: ${flaw}`];
  });
  expect(wrong).toEqual([]);
});

it('options and verbs that a sentence names alone', () => {
  const known = new Set(
    [GLOBAL_OPTIONS, ...VERBS.map(({ options }) => options)].flatMap(table => Object.keys(table)),
  );
  // The bench is no verb: its page is about the options of `npm run bench` and of its peers.
  const aboutVerbs = pages.filter(({ file }) => file !== 'docs/benchmarking.md');
  const short = aboutVerbs.flatMap(each => codeOf(each).map(code => ({ file: each.file, code })));
  const wrong = short.flatMap(({ file, code }) => {
    const [first = ''] = code.split(/[ =]/);
    if (VERBS.some(({ name }) => name === first) && / --/.test(code)) {
      const flaw = flawOf(code);
      return flaw === undefined ? [] : [`${file}: ${flaw}`];
    }
    const option = /^--(?:no-)?([a-z][a-z-]*)/.exec(first)?.[1];
    return option === undefined || known.has(option) ? [] : [`${file}: no verb has --${option}`];
  });
  expect(wrong).toEqual([]);
});

it('verbs, in the hints of the engine', () => {
  const isSource = (file: string): boolean => file.endsWith('.ts') && !file.endsWith('.test.ts');
  const named = filesBelow('packages/engine/src', isSource).flatMap(file =>
    [...page(file).text.matchAll(/kubectl vm-migrate ([a-z]+)/g)].map(([, verb = '']) => ({
      file,
      verb,
    })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ verb }) => !VERBS.some(({ name }) => name === verb))).toEqual([]);
});
