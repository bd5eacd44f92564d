/**
 * The contract of this folder: what a verb is. One file a verb in commands/, listed in verbs.ts;
 * arguments.ts parses the command line by these tables, help.ts prints them.
 */
import type { OperationName } from '@vm-migrate/api';
import type { InferredOptionType } from 'yargs';
import type { ExitCode } from './exit-codes';
import type { OptionTable, PositionalTable } from './tables';
import type { Session } from './session';

export type VerbGroup = 'look' | 'do' | 'prove' | 'run' | 'hidden';

/** What was given for the positionals: a text, or a list for `many` and `any`. */
export type PositionalValues<P extends PositionalTable> = {
  readonly [Name in keyof P]: P[Name]['need'] extends 'many' | 'any'
    ? readonly string[]
    : P[Name]['need'] extends 'required'
      ? string
      : string | undefined;
};

type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** What was given for the options, by their names in camel case. */
export type OptionValues<O extends OptionTable> = {
  readonly [Name in keyof O & string as CamelCase<Name>]: InferredOptionType<O[Name]>;
};

export interface VerbDefinition<P extends PositionalTable, O extends OptionTable> {
  /** One word, or two where the first is a verb too. */
  readonly name: string;
  readonly group: VerbGroup;
  /** One line, lower case, for the list of verbs. */
  readonly summary: string;
  /** More, for `VERB --help`; plain lines. */
  readonly details?: readonly string[];
  readonly positionals: P;
  readonly options: O;
  readonly examples: readonly { readonly command: string; readonly why: string }[];
  /** Why it acts on this machine and its database, and so does not go with --api-url; a clause. */
  readonly onThisMachine?: string;
  /** Operations of @vm-migrate/api that it calls; a test holds the list against OPERATIONS. */
  readonly operations: readonly OperationName[];
  run(args: PositionalValues<P> & OptionValues<O>, session: Session): Promise<ExitCode>;
}

/** A verb whose own argument types are forgotten: arguments.ts has checked them by its tables. */
export interface Verb extends Omit<VerbDefinition<PositionalTable, OptionTable>, 'run'> {
  run(args: Readonly<Record<string, unknown>>, session: Session): Promise<ExitCode>;
}

export function defineVerb<const P extends PositionalTable, const O extends OptionTable>(
  definition: VerbDefinition<P, O>,
): Verb {
  return definition as unknown as Verb;
}

/** The verb that these words begin with, and how many of them are its name: `worker deploy` before `worker`. */
export function verbAt(
  words: readonly string[],
  verbs: readonly Verb[],
): { readonly verb: Verb; readonly length: 1 | 2 } | undefined {
  const [first = '', second = ''] = words;
  const pair = verbs.find(({ name }) => name === `${first} ${second}`);
  if (pair !== undefined) return { verb: pair, length: 2 };
  const verb = verbs.find(({ name }) => name === first);
  return verb && { verb, length: 1 };
}

/** The usage line without the program's name: `get KIND [VM]`. */
export function usageOf({ name, positionals }: Pick<Verb, 'name' | 'positionals'>): string {
  const words = Object.values(positionals).map(({ shown, need }) => {
    if (need === 'required') return shown;
    if (need === 'optional') return `[${shown}]`;
    return need === 'many' ? `${shown}...` : `[${shown}...]`;
  });
  return [name, ...words].join(' ');
}
