import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const script = path.resolve(__dirname, '../../../scripts/image-tar.mjs');
const longName = `app/${'node_modules/'.repeat(9)}koffi.node`;

describe('the tar of an image’s layer', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-tar-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** By a process of its own: scripts are modules, and no part of this package. */
  function makeTar(name: string, files: readonly object[]): string {
    const out = path.join(folder, name);
    const code = `
      import { writeFileSync } from 'node:fs';
      import { tar } from ${JSON.stringify(pathToFileURL(script).href)};
      const files = JSON.parse(process.argv[1]).map(file =>
        file.text === undefined ? file : { ...file, bytes: Buffer.from(file.text) });
      writeFileSync(process.argv[2], tar(files));`;
    const args = ['--input-type=module', '-e', code, JSON.stringify(files), out];
    execFileSync(process.execPath, args, { stdio: 'pipe' });
    return out;
  }
  const files = [
    { path: 'usr/local/bin/node', text: 'program', mode: 0o755 },
    { path: longName, text: 'x'.repeat(1_000) },
    { path: 'tmp/', mode: 0o1777 },
    { path: 'etc/passwd', text: '' },
    { path: 'lib/link', link: 'target' },
  ];

  it('is read by tar as it was meant', () => {
    const tar = makeTar('a.tar', files);
    const root = path.join(folder, 'root');
    mkdirSync(root);
    execFileSync('tar', ['-xpf', tar, '-C', root]);
    expect(readFileSync(path.join(root, longName), 'utf8')).toBe('x'.repeat(1_000));
    expect(statSync(path.join(root, 'usr/local/bin/node')).mode & 0o7777).toBe(0o755);
    expect(statSync(path.join(root, 'tmp')).mode & 0o7777).toBe(0o1777);
    expect(statSync(path.join(root, 'etc/passwd')).size).toBe(0);
    const listed = execFileSync('tar', ['-tvf', tar, '--numeric-owner'], { encoding: 'utf8' });
    expect(listed).toMatch(/lib\/link -> target/);
    for (const line of listed.trim().split('\n')) expect(line).toMatch(/ 0\/0 .*1970-01-01/);
  });

  it('has the same bytes for the same files, in whatever order they come', () => {
    const [one, other] = [makeTar('a.tar', files), makeTar('b.tar', [...files].reverse())];
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
  });

  it('refuses a name that no tar can hold', () => {
    const nameless = { path: 'a'.repeat(300), text: '' };
    writeFileSync(path.join(folder, 'keep'), '');
    expect(() => makeTar('c.tar', [nameless])).toThrow(/no room in a tar/);
  });
});
