/** How a verb says what it takes: parsed by arguments.ts, printed by help.ts, offered by complete.ts. */
import type { Options } from 'yargs';

/** Names that only the database knows: offered-names.ts says which words each kind has. */
export type NameKind =
  'vm' | 'migration' | 'group' | 'source' | 'target' | 'class' | 'scope' | 'finding';

/** Which kinds of name may stand somewhere; `get KIND OF` depends on the words before it. */
export type NamesHere = readonly NameKind[] | ((before: readonly string[]) => readonly NameKind[]);

export interface Positional {
  /** As the usage line shows it: VM, MIGRATION, CODE. */
  readonly shown: string;
  readonly describe: string;
  readonly need: 'required' | 'optional' | 'many' | 'any';
  readonly choices?: readonly string[];
  readonly names?: NamesHere;
}

export type PositionalTable = Readonly<Record<string, Positional>>;
export type OptionTable = Readonly<
  Record<string, Options & { readonly describe: string; readonly names?: NamesHere }>
>;
