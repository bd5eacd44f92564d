/**
 * npm run soak -- [--only kill|engine|cluster] [--kills N] [--stops N] [--vms N] [--seed N]
 *                 [--cluster-kills N] [--cluster-faults N] [--cluster-minutes N]
 *
 * The tests of test/kill, test/engine and test/cluster that choose at random, with bigger numbers, and
 * the faults of the cluster, each kept for ten seconds after it was named. They print the words that
 * replay them. On the cluster workers are killed and the cluster fails at random for so many minutes at
 * most; what is under way then comes to its end.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

/** How long a fault of the cluster stays after the engine has named it. */
const HOLD_MS = '10000';
const root = path.resolve(__dirname, '../..');

interface Round {
  readonly part: 'kill' | 'engine' | 'cluster';
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
      only: { type: 'string' },
      'cluster-kills': { type: 'string', default: '50' },
      'cluster-faults': { type: 'string', default: '34' },
      'cluster-minutes': { type: 'string', default: '45' },
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
    {
      part: 'cluster',
      tests: 'test/cluster/faults-of',
      environment: { VM_MIGRATE_HOLD_MS: HOLD_MS },
    },
    {
      part: 'cluster',
      tests: 'test/cluster/kills',
      environment: {
        VM_MIGRATE_SEED: values.seed,
        VM_MIGRATE_CLUSTER_KILLS: values['cluster-kills'],
        VM_MIGRATE_CLUSTER_FAULTS: values['cluster-faults'],
        VM_MIGRATE_CLUSTER_MINUTES: values['cluster-minutes'],
        VM_MIGRATE_HOLD_MS: HOLD_MS,
      },
    },
  ];
  const chosen = rounds.filter(({ part }) => values.only === undefined || part === values.only);
  return chosen.map(run).some(status => status !== 0) ? 1 : 0;
}

process.exitCode = main();
