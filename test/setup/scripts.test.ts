// The set-up's own scripts are plain Node modules: each check imports one in a child process, as
// `npm test` does, and prints what it found as JSON.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const scripts = path.resolve(__dirname, '../../scripts');

function inNode<T>(module: string, names: string, expression: string): T {
  const code = `import { ${names} } from ${JSON.stringify(path.join(scripts, module))};
    console.log(JSON.stringify(${expression} ?? null));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  return JSON.parse(output) as T;
}

describe('verdict of a test run', () => {
  const verdict = (parts: object[], onCi: boolean): { ok: boolean; lines: string[] } =>
    inNode('test-verdict.mjs', 'verdict', `verdict(${JSON.stringify(parts)}, { onCi: ${onCi} })`);
  const part = (more: object): object => ({
    name: 'unit',
    passed: 2,
    failed: 0,
    skipped: 0,
    ...more,
  });

  test('sums all parts in the last line', () => {
    const { ok, lines } = verdict([part({}), part({ name: 'kill', passed: 1, skipped: 1 })], false);
    expect(ok).toBe(true);
    expect(lines.at(-1)).toBe('3 passed, 0 failed, 1 skipped');
  });

  test.each([
    ['a failure', [part({ failed: 1 })], false],
    ['no test at all', [part({ passed: 0 })], false],
    [
      'a part that ran none of its tests',
      [part({}), part({ passed: 0, expectsTests: true })],
      false,
    ],
    ['a skipped test on CI', [part({ skipped: 1, skippedTitles: ['reads a loop device'] })], true],
  ])('fails on %s', (_what, parts, onCi) => {
    expect(verdict(parts, onCi).ok).toBe(false);
  });

  test('lets a platform skip pass on CI', () => {
    const parts = [part({ skipped: 1, skippedTitles: ['punches holes [platform: Linux only]'] })];
    expect(verdict(parts, true).ok).toBe(true);
  });
});

describe('what a machine lacks', () => {
  const missing = (machine: object): string | null =>
    inNode(
      'setup-tools.mjs',
      'missingOnThisMachine',
      `missingOnThisMachine(${JSON.stringify(machine)})`,
    );
  const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' };

  test.each(['v20.20.2', 'v22.18.0', 'v24.0.0', 'v25.1.0'])(
    'Linux x64 sets up from %s',
    version => {
      expect(missing({ ...linux, version })).toBeNull();
    },
  );

  test.each([
    [{ ...linux, version: 'v18.20.0' }, 'Node 20'],
    [{ ...linux, arch: 'arm64', version: 'v20.20.2' }, 'Node 24'],
    [{ platform: 'darwin', arch: 'arm64', glibc: '', version: 'v22.17.0' }, 'Node 24'],
    [{ platform: 'win32', arch: 'x64', version: 'v24.21.0' }, 'WSL 2'],
  ])('%j is told what is missing', (machine, words) => {
    expect(missing(machine)).toContain(words);
  });
});

describe('services kept still while packages are installed', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-policy-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const files = { policy: path.join(folder, 'policy'), saved: path.join(folder, 'saved') };
  const during = (): string =>
    inNode(
      'system-tools.mjs',
      'withServicesKeptStill',
      `withServicesKeptStill(() => process.getBuiltinModule('fs').readFileSync(${JSON.stringify(files.policy)}, 'utf8'), ${JSON.stringify(files)})`,
    );

  test('a machine without a policy has none afterwards', () => {
    expect(during()).toContain('exit 101');
    expect(existsSync(files.policy)).toBe(false);
  });

  test("the machine's own policy is put back with its mode", () => {
    writeFileSync(files.policy, '#!/bin/sh\nexit 0\n', { mode: 0o750 });
    expect(during()).toContain('exit 101');
    expect(readFileSync(files.policy, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
    expect(statSync(files.policy).mode & 0o777).toBe(0o750);
    expect(existsSync(files.saved)).toBe(false);
  });
});
