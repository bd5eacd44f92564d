/**
 * What TAB offers: verbs, their options, and fixed words. kubectl calls `kubectl_complete-vm_migrate`
 * with the words so far, the last one perhaps empty, and reads one `word<TAB>description` a line and
 * a last line `:N` (4: no file names). Names of VMs are not offered: that would load the engine.
 */
import { optionNamed } from './arguments';
import { EXIT, type ExitCode } from './exit-codes';
import { GLOBAL_OPTIONS } from './global-options';
import type { OptionTable } from './tables';
import type { Verb } from './verb';
import { VERBS } from './verbs';

export const COMPLETE = '__complete';
const FILES = 0;
const NO_FILES = 4;

export interface Candidates {
  readonly lines: readonly string[];
  readonly directive: typeof FILES | typeof NO_FILES;
}

export function printCandidates(words: readonly string[]): ExitCode {
  const { lines, directive } = candidates(words, VERBS);
  process.stdout.write(`${[...lines, `:${directive}`].join('\n')}\n`);
  return EXIT.done;
}

export function candidates(words: readonly string[], verbs: readonly Verb[]): Candidates {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const verb = verbs.find(candidate => before.includes(candidate.name));
  const options: OptionTable = { ...verb?.options, ...GLOBAL_OPTIONS };
  const asked = optionNamed(before.at(-1) ?? '', options);
  if (asked !== undefined && asked.type !== 'boolean')
    return offer(
      (asked.choices ?? []).map(String).map(word => ({ word, why: '' })),
      last,
      asked.choices === undefined ? FILES : NO_FILES,
    );
  if (last.startsWith('-')) {
    const shown = Object.entries(options).filter(([, option]) => option.hidden !== true);
    return offer(
      shown.map(([name, { describe, default: preset }]) => ({
        word: preset === true ? `--no-${name}` : `--${name}`,
        why: describe,
      })),
      last,
      NO_FILES,
    );
  }
  if (verb === undefined) {
    return offer(
      verbs
        .filter(({ group }) => group !== 'hidden')
        .map(({ name, summary }) => ({ word: name, why: summary })),
      last,
      NO_FILES,
    );
  }
  const choices = Object.values(verb.positionals).flatMap(({ choices: fixed = [] }) => fixed);
  const open = choices.filter(choice => !before.includes(choice));
  // A VM may be a path to its folder.
  const takesPath = Object.values(verb.positionals).some(({ shown }) => /VM/.test(shown));
  return offer(
    choices.some(choice => before.includes(choice)) ? [] : open.map(word => ({ word, why: '' })),
    last,
    takesPath && choices.length === 0 ? FILES : NO_FILES,
  );
}

function offer(
  all: readonly { readonly word: string; readonly why: string }[],
  start: string,
  directive: Candidates['directive'],
): Candidates {
  const lines = all
    .filter(({ word }) => word.startsWith(start))
    .map(({ word, why }) => (why === '' ? word : `${word}\t${why}`));
  return { lines, directive };
}
