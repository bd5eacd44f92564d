// The ESLint rules that the product relies on, shown to be on: one breach of each, in a scratch tree.
import { ScratchTree } from './scratch-tree';

const breaches: Record<string, string> = {
  '@typescript-eslint/no-floating-promises':
    'export function f(): void {\n  Promise.resolve(1);\n}\n',
  '@typescript-eslint/no-misused-promises':
    'export const f = (list: number[]): void => list.forEach(async n => { await Promise.resolve(n); });\n',
  '@typescript-eslint/no-explicit-any': 'export const f = (x: any): void => void x;\n',
  '@typescript-eslint/switch-exhaustiveness-check':
    "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
};

interface FileReport {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly severity: number }[];
}

describe('ESLint rules', () => {
  const tree = new ScratchTree();
  let reports: FileReport[] = [];

  beforeAll(() => {
    for (const [rule, text] of Object.entries(breaches)) tree.write(fileOf(rule), text);
    tree.write('packages/engine/src/clean.ts', 'export const clean = 1;\n');
    reports = JSON.parse(
      tree.run('eslint/bin/eslint.js', 'packages', '--format', 'json').output,
    ) as FileReport[];
  }, 60_000);

  afterAll(() => tree.remove());

  const fileOf = (rule: string): string => `packages/engine/src/${rule.split('/')[1]}.ts`;
  const errorsOf = (file: string): (string | null)[] | undefined =>
    reports
      .find(report => report.filePath.endsWith(file))
      ?.messages.filter(message => message.severity === 2)
      .map(message => message.ruleId);

  test.each(Object.keys(breaches))('%s is an error', rule => {
    expect(errorsOf(fileOf(rule))).toContain(rule);
  });

  test('clean code has none', () => {
    expect(errorsOf('packages/engine/src/clean.ts')).toEqual([]);
  });
});
