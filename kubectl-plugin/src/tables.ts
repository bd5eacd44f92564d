/** How a verb says what it takes: parsed by arguments.ts, printed by help.ts, offered by complete.ts. */
import type { Options } from 'yargs';

export interface Positional {
  /** As the usage line shows it: VM, MIGRATION, CODE. */
  readonly shown: string;
  readonly describe: string;
  readonly need: 'required' | 'optional' | 'many' | 'any';
  readonly choices?: readonly string[];
}

export type PositionalTable = Readonly<Record<string, Positional>>;
export type OptionTable = Readonly<Record<string, Options & { readonly describe: string }>>;
