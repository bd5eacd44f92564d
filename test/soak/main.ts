/**
 * npm run soak -- [--kills N] [--stops N] [--vms N] [--seed N]
 *
 * The tests of test/kill and test/engine that choose at random, with bigger numbers. They print the
 * words that replay them; the defaults are what an issue asks for before it is closed.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.resolve(__dirname, '../..');

interface Round {
  readonly part: 'kill' | 'engine';
  readonly tests: string;
  readonly environment: Readonly<Record<string, string>>;
}

function run({ part, tests, environment }: Round): number {
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`\n== soak: ${tests} with ${words.join(' ')}\n`);
  const began = performance.now();
  const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const { status } = spawnSync(
    process.execPath,
    [jest, '--selectProjects', part, '--runInBand', '--testPathPatterns', tests],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...environment, VM_MIGRATE_TELL: '1' },
    },
  );
  process.stdout.write(
    `== soak: ${tests} ${status === 0 ? 'passed' : 'FAILED'} after ${Math.round((performance.now() - began) / 1000)} s\n`,
  );
  return status ?? 1;
}

function main(): number {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      stops: { type: 'string', default: '20' },
      vms: { type: 'string', default: '150' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    },
  });
  const rounds: Round[] = [
    {
      part: 'kill',
      tests: 'test/kill/chaos',
      environment: {
        VM_MIGRATE_SEED: values.seed,
        VM_MIGRATE_KILLS: values.kills,
        VM_MIGRATE_STOPS: values.stops,
      },
    },
    {
      part: 'engine',
      tests: 'test/engine/random-histories',
      environment: { VM_MIGRATE_SEED: values.seed, VM_MIGRATE_RANDOM_VMS: values.vms },
    },
    { part: 'engine', tests: 'test/engine/faults', environment: { VM_MIGRATE_SEED: values.seed } },
  ];
  return rounds.map(run).some(status => status !== 0) ? 1 : 0;
}

process.exitCode = main();
