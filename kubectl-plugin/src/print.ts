/** One answer in the form that `-o` asks for. */
import type { Terminal } from './terminal';
import { UsageError } from './usage-error';
import { PROGRAM } from './version';

export interface Answer {
  /** What machines read: `-o json` and `-o yaml`. */
  readonly data: unknown;
  /** `-o name`: one `kind/name` a line. */
  readonly names: () => readonly string[];
  /** What people read. */
  readonly text: () => string | readonly string[];
}

export async function printAnswer(
  terminal: Terminal,
  { data, names, text }: Answer,
): Promise<void> {
  switch (terminal.format) {
    case 'json':
      return terminal.print(JSON.stringify(data, undefined, 2));
    case 'yaml': {
      const { stringify } = await import('yaml');
      return terminal.print(stringify(data, { aliasDuplicateObjects: false, lineWidth: 0 }));
    }
    case 'name':
      return names().length === 0 ? undefined : terminal.print(names().join('\n'));
    case 'table':
    case 'wide':
      return terminal.print(text());
    case 'markdown':
      throw new UsageError('-o markdown is for report', `See: ${PROGRAM} report --help`);
    default:
      return terminal.format satisfies never;
  }
}

/** As kubectl prints several objects. */
export function listOf(items: readonly unknown[]): {
  readonly kind: 'List';
  readonly items: readonly unknown[];
} {
  return { kind: 'List', items };
}

/** A person reads the answer, not a program. */
export function isForPeople({ format }: Terminal): boolean {
  return format === 'table' || format === 'wide';
}
