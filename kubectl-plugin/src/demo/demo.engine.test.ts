/** `npm run demo` as a new user runs it, twice; then what it offers to paste is pasted. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { removeServerFolder } from '../../../packages/engine/src/store/server-folder';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import { endBackground } from '../testing/background';

const CHECKOUT = path.resolve(__dirname, '../../..');
/** The first run makes a database and proves a class; what is done already takes a look only. */
const AGAIN_MS = 10_000;

describe('npm run demo', () => {
  const parent = tempFolder();
  const state = path.join(parent, '.demo', 'state');
  // As a checkout is: PostgreSQL runs from there under another account.
  chmodSync(parent, 0o755);
  afterAll(async () => {
    await endBackground(state);
    removeServerFolder(state);
  });

  const demo = () =>
    new Promise<{ code: number | null; stdout: string; stderr: string; ms: number }>(
      (resolve, reject) => {
        const began = performance.now();
        const child = spawn('npm', ['run', '--silent', 'demo'], {
          cwd: CHECKOUT,
          env: {
            PATH: process.env['PATH'],
            HOME: parent,
            LANG: 'C.UTF-8',
            VM_MIGRATE_DEMO_PARENT: parent,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let [stdout, stderr] = ['', ''];
        child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        child.once('error', reject);
        child.once('close', code =>
          resolve({ code, stdout, stderr, ms: performance.now() - began }),
        );
      },
    );

  /** The last part of what the demo printed: lines to paste, without the blanks before them. */
  const pasteable = (stdout: string): string[] =>
    (stdout.split('Look for yourself\n')[1] ?? '')
      .trimEnd()
      .split('\n')
      .map(line => line.trim());

  let first = '';

  it('plans, migrates, proves and shows the example VM beside its VolumeSnapshots', async () => {
    const { code, stdout, stderr } = await demo();
    if (code !== 0) throw new Error(`ended with ${code}: ${stdout}${stderr}`);
    first = stdout;
    const headings = [...stdout.matchAll(/^\d {2}(.*)$/gm)].map(([, words]) => words);
    expect(headings).toEqual([
      'A VM with a history',
      'The plan',
      'The migration',
      'The proof',
      'The result',
    ]);
    const result = stdout.split('5  The result\n')[1] ?? '';
    for (const name of ['"Fresh install"', 'Datenbank dazu / база данных', '本番前 ✓'])
      expect(result).toContain(name);
    // Every VolumeSnapshot, with its bytes, its digest, and what is proved.
    expect(result.match(/ proved whole/g)).toHaveLength(9);
    expect(pasteable(stdout).length).toBeGreaterThanOrEqual(5);
  }, 360_000);

  it('what it says to paste works as pasted', () => {
    const [path_ = '', ...commands] = pasteable(first);
    const chosen = commands.filter(line => / (tree m-|get layers)/.test(line));
    expect(chosen).toHaveLength(2);
    const pasted = spawnSync('sh', ['-euc', [path_, ...chosen].join('\n')], {
      cwd: '/',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: parent, LANG: 'C.UTF-8' },
    });
    expect({ status: pasted.status, stderr: pasted.stderr }).toEqual({ status: 0, stderr: '' });
    expect(pasted.stdout).toContain('本番前 ✓');
    expect(pasted.stdout.match(/ migrated /g)?.length).toBeGreaterThanOrEqual(11);
  }, 180_000);

  it('a second run says that all is done, in seconds', async () => {
    const { code, stdout, ms } = await demo();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^The example VM is migrated and proved already; nothing to do\./);
    expect(pasteable(stdout)).toEqual(pasteable(first));
    expect(ms).toBeLessThan(AGAIN_MS);
  }, 180_000);
});
