/** From the command line to a verb and what it was given. */
import yargs, { type Options } from 'yargs';
import { GLOBAL_OPTIONS, type GlobalArguments } from './global-options';
import { UsageError } from './usage-error';
import type { OptionTable } from './tables';
import { type Verb, verbAt } from './verb';
import { PROGRAM } from './version';

export interface ParsedLine {
  /** Undefined: none was named. */
  readonly verb: Verb | undefined;
  readonly help: boolean;
  readonly globals: GlobalArguments;
  readonly args: Readonly<Record<string, unknown>>;
}

/** @throws UsageError */
export function parseLine(argv: readonly string[], verbs: readonly Verb[]): ParsedLine {
  const at = firstWordAt(argv);
  const word = at === undefined ? undefined : argv[at];
  const found = at === undefined ? undefined : verbAt(argv.slice(at, at + 2), verbs);
  const verb = found?.verb;
  if (word !== undefined && verb === undefined) throw unknownVerb(word, verbs);
  const options: OptionTable = { ...GLOBAL_OPTIONS, ...verb?.options };
  const given = parseOptions(argv, options, verb);
  for (const [name, option] of Object.entries(options)) checkOption(name, option, given, verb);
  const help = given['help'] === true;
  const args =
    verb === undefined || help
      ? given
      : { ...given, ...positionals(verb, wordsOf(given['_']).slice(found?.length)) };
  return { verb, help, globals: given as unknown as GlobalArguments, args };
}

/** Where the verb is, if there is one: options that stand before it are those that every verb takes. */
function firstWordAt(argv: readonly string[]): number | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (!word.startsWith('-') || word === '-') return index;
    const option = optionNamed(word, GLOBAL_OPTIONS);
    if (option !== undefined && option.type !== 'boolean') index += 1;
  }
  return undefined;
}

/** The option whose value is the next word: `--output` or `-o`, not `--output=json`. */
export function optionNamed(word: string, options: OptionTable): OptionTable[string] | undefined {
  if (!word.startsWith('-') || word.includes('=')) return undefined;
  const name = word.replace(/^--?/, '');
  return Object.entries(options).find(([key, { alias }]) => key === name || alias === name)?.[1];
}

function parseOptions(
  argv: readonly string[],
  options: OptionTable,
  verb: Verb | undefined,
): Readonly<Record<string, unknown>> {
  return yargs([...argv])
    .parserConfiguration({
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
      'strip-dashed': true,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .strictOptions()
    .options(withoutFrozen(options))
    .fail((message: string | null, error: Error | undefined) => {
      throw new UsageError(
        plainMessage(message ?? error?.message ?? 'cannot be understood'),
        seeHelp(verb),
      );
    })
    .parseSync();
}

/** yargs keeps and changes what it is given. */
function withoutFrozen(options: OptionTable): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { names: _forCompletion, ...option }]) => [
      name,
      { ...option, requiresArg: option.type !== 'boolean' },
    ]),
  );
}

function checkOption(
  name: string,
  option: Options,
  given: Readonly<Record<string, unknown>>,
  verb: Verb | undefined,
): void {
  const value = given[camelCase(name)];
  if (value === undefined) return;
  if (Array.isArray(value) && option.type !== 'array' && option.array !== true)
    throw new UsageError(`--${name} is given more than once`, seeHelp(verb));
  if (option.type === 'number' && !Number.isFinite(value))
    throw new UsageError(`--${name} takes a number`, seeHelp(verb));
}

/** Words after the verb, shared out from left to right. @throws UsageError */
function positionals(verb: Verb, words: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  let left = [...words];
  for (const [name, { shown, need, choices }] of Object.entries(verb.positionals)) {
    const isList = need === 'many' || need === 'any';
    const taken = isList ? left : left.slice(0, 1);
    left = left.slice(taken.length);
    if (taken.length === 0 && (need === 'required' || need === 'many'))
      throw new UsageError(`${verb.name} needs ${shown}`, seeHelp(verb));
    const stranger =
      choices === undefined ? undefined : taken.find(word => !choices.includes(word));
    if (stranger !== undefined)
      throw new UsageError(`"${stranger}" is none of ${choices?.join(', ')}`, seeHelp(verb));
    values[name] = isList ? taken : taken[0];
  }
  if (left[0] !== undefined)
    throw new UsageError(`"${left[0]}" is one argument too many`, seeHelp(verb));
  return values;
}

function unknownVerb(word: string, verbs: readonly Verb[]): UsageError {
  const near = verbs
    .filter(verb => verb.group !== 'hidden')
    .map(verb => ({ name: verb.name, distance: editDistance(word, verb.name) }));
  const [best] = near.sort((a, b) => a.distance - b.distance);
  const guess =
    best !== undefined && best.distance <= 2 ? `Did you mean "${PROGRAM} ${best.name}"? ` : '';
  return new UsageError(`there is no verb "${word}"`, `${guess}All verbs: ${PROGRAM} --help`);
}

function seeHelp(verb: Verb | undefined): string {
  return `See: ${PROGRAM} ${verb === undefined ? '' : `${verb.name} `}--help`;
}

/** yargs speaks of several lines and capital letters. */
function plainMessage(message: string): string {
  const line = message
    .split('\n')
    .map(part => part.trim())
    .filter(part => part !== '')
    .join(' ');
  return line.charAt(0).toLowerCase() + line.slice(1);
}

function wordsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
