/** `version`, `--help` and completion answer at once: they never load the engine. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../packages/engine/src/testing/temp-folder';
import { PROGRAM_FILE, worldIn } from './testing/run-program';

const RUNS = 12;
/** Of the program in all, on a machine that starts Node in 40 ms. */
const MOST_MS = 150;
const NODE_MS = 40;

describe('starting up', () => {
  const folder = tempFolder();
  const { environment } = worldIn(folder);

  /** The engine cannot be without `crypto`, the command line is. */
  const watch = path.join(folder, 'watch.cjs');
  writeFileSync(
    watch,
    `process.on('exit', () => process.stderr.write(process.moduleLoadList.includes('NativeModule crypto') ? 'engine' : 'light'));`,
  );
  const loaded = (...args: string[]) =>
    spawnSync(process.execPath, ['--require', watch, PROGRAM_FILE, ...args], {
      encoding: 'utf8',
      env: environment,
    });

  it.each(['version', '--help', 'plan --help', 'completion bash', '__complete get ', 'frobnicate'])(
    '%s does not load the engine',
    line => {
      expect(loaded(...line.split(' ')).stderr).toMatch(/light$/);
    },
  );

  it('what needs the engine loads it (so that the test above can fail)', () => {
    expect(loaded('explain').stderr).toMatch(/engine$/);
  });

  it.each([['version'], ['--help']])(
    `%s needs at most ${MOST_MS} ms of the processor, the best of ${RUNS} runs`,
    command => {
      const clock = path.join(folder, 'clock.cjs');
      writeFileSync(
        clock,
        `process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write(String((user + system) / 1000)); });`,
      );
      // Time on the clock would depend on what else the machine does.
      const best = (...args: string[]) =>
        Math.min(
          ...Array.from({ length: RUNS }, () => {
            const { status, stderr } = spawnSync(process.execPath, ['--require', clock, ...args], {
              encoding: 'utf8',
              env: environment,
            });
            expect(status).toBe(0);
            return Number(stderr);
          }),
        );
      // A slower machine starts Node itself later: that is not ours.
      const slower = Math.max(1, best('-e', '0') / NODE_MS);
      expect(best(PROGRAM_FILE, command)).toBeLessThanOrEqual(MOST_MS * slower);
    },
  );
});
