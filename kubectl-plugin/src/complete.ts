/**
 * What TAB offers: verbs, their options, fixed words, and names from the database where it answers
 * at once (offered-names.ts). kubectl calls `kubectl_complete-vm_migrate` with the words so far, the
 * last one perhaps empty, and reads one `word<TAB>description` a line and a last line `:N` (4: no
 * file names).
 */
import { optionNamed } from './arguments';
import { EXIT, type ExitCode } from './exit-codes';
import { GLOBAL_OPTIONS } from './global-options';
import { offersOf, type Offer } from './offered-names';
import type { NameKind, NamesHere, OptionTable, Positional } from './tables';
import { type Verb, verbAt } from './verb';
import { VERBS } from './verbs';

export const COMPLETE = '__complete';
const FILES = 0;
const NO_FILES = 4;

export interface Candidates {
  readonly lines: readonly string[];
  readonly directive: typeof FILES | typeof NO_FILES;
  /** What may stand here beside the lines and only the database knows. */
  readonly names: readonly NameKind[];
  /** Words after the verb that are no options: whose findings, of which kind. */
  readonly given: readonly string[];
}

export async function printCandidates(words: readonly string[]): Promise<ExitCode> {
  const found = candidates(words, VERBS);
  const last = words.at(-1) ?? '';
  const names = isPath(last) ? [] : await offersOf(found, words);
  const lines = [...found.lines, ...linesOf(names, last)];
  process.stdout.write(`${[...lines, `:${found.directive}`].join('\n')}\n`);
  return EXIT.done;
}

export function candidates(words: readonly string[], verbs: readonly Verb[]): Candidates {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { verb, given } = parsed(before, verbs);
  const options: OptionTable = { ...verb?.options, ...GLOBAL_OPTIONS };
  const asked = optionNamed(before.at(-1) ?? '', options);
  if (asked !== undefined && asked.type !== 'boolean') {
    const fixed = (asked.choices ?? []).map(choice => ({ word: String(choice), why: '' }));
    const names = namesOf(asked.names, given);
    const files = fixed.length === 0 && names.length === 0;
    return offer(fixed, last, { directive: files ? FILES : NO_FILES, names, given });
  }
  if (last.startsWith('-')) {
    const shown = Object.entries(options).filter(([, option]) => option.hidden !== true);
    const offers = shown.map(([name, { describe, default: preset }]) => ({
      word: preset === true ? `--no-${name}` : `--${name}`,
      why: describe,
    }));
    return offer(offers, last, { directive: NO_FILES, names: [], given });
  }
  if (verb === undefined) {
    const shown = verbs.filter(({ group, name }) => group !== 'hidden' && !name.includes(' '));
    const offers = shown.map(({ name, summary }) => ({ word: name, why: summary }));
    return offer(offers, last, { directive: NO_FILES, names: [], given });
  }
  const here = positionalAt(verb, given.length);
  const names = namesOf(here?.names, given);
  const second = given.length === 0 ? secondWords(verb, verbs) : [];
  return offer(
    [...second, ...(here?.choices ?? []).map(word => ({ word, why: '' }))],
    last,
    // A VM may be a path to its folder.
    { directive: names.includes('vm') ? FILES : NO_FILES, names, given },
  );
}

/** `deploy` after `worker`: verbs of two words. */
function secondWords({ name }: Verb, verbs: readonly Verb[]): Offer[] {
  return verbs
    .filter(other => other.name.startsWith(`${name} `))
    .map(other => ({ word: other.name.slice(name.length + 1), why: other.summary }));
}

/** The verb, and the words after it that are neither options nor their values. */
function parsed(
  before: readonly string[],
  verbs: readonly Verb[],
): { readonly verb: Verb | undefined; readonly given: readonly string[] } {
  let verb: Verb | undefined;
  const given: string[] = [];
  for (let index = 0; index < before.length; index++) {
    const word = before[index] ?? '';
    const option = optionNamed(word, { ...verb?.options, ...GLOBAL_OPTIONS });
    if (option !== undefined && option.type !== 'boolean') index++;
    else if (word.startsWith('-')) continue;
    else if (verb !== undefined) given.push(word);
    else {
      const found = verbAt(before.slice(index, index + 2), verbs);
      verb = found?.verb;
      index += (found?.length ?? 1) - 1;
    }
  }
  return { verb, given };
}

/** The positional that the word after `count` others is for; the last one may take many. */
function positionalAt(verb: Verb, count: number): Positional | undefined {
  const all = Object.values(verb.positionals);
  const last = all.at(-1);
  const takesMore = last?.need === 'many' || last?.need === 'any';
  return all[count] ?? (takesMore ? last : undefined);
}

function namesOf(names: NamesHere | undefined, given: readonly string[]): readonly NameKind[] {
  return (typeof names === 'function' ? names(given) : names) ?? [];
}

function isPath(word: string): boolean {
  return word.startsWith('.') || word.startsWith('/') || word.startsWith('~');
}

function offer(all: readonly Offer[], start: string, rest: Omit<Candidates, 'lines'>): Candidates {
  return { lines: linesOf(all, start), ...rest };
}

function linesOf(offers: readonly Offer[], start: string): string[] {
  return offers
    .filter(({ word }) => word.startsWith(start))
    .map(({ word, why }) => (why === '' ? word : `${word}\t${why}`));
}
