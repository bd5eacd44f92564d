import { OPERATIONS, type OperationName } from '@vm-migrate/api';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { home } from './commands/home';
import { VERBS } from './verbs';

/** Operations that no verb calls, each with the reason. */
const NOT_AT_THE_TERMINAL: Partial<Record<OperationName, string>> = {
  countMigrations: 'for pages of a table; the overview and `get migrations` show all there are',
};

describe('verbs and operations', () => {
  const called = new Set([home, ...VERBS].flatMap(({ operations }) => operations));

  it.each(Object.keys(OPERATIONS) as OperationName[])(
    '%s is reachable from a verb, or a reason is written down',
    name => {
      expect(called.has(name) || (NOT_AT_THE_TERMINAL[name] ?? '') !== '').toBe(true);
    },
  );

  it('a verb that says it calls an operation does', () => {
    const files = [...filesOf('commands'), ...filesOf('demo'), 'follow.ts', 'make-bundle.ts'];
    const everything = files
      .map(file =>
        readFileSync(path.join(__dirname, file), 'utf8').replace(/operations: \[[^\]]*\]/g, ''),
      )
      .join('\n');
    for (const name of called) expect(everything).toMatch(new RegExp(`'${name}'`));
  });

  it('names are unique', () => {
    expect(new Set(VERBS.map(({ name }) => name)).size).toBe(VERBS.length);
  });
});

function filesOf(folder: string): string[] {
  return readdirSync(path.join(__dirname, folder)).map(file => path.join(folder, file));
}
