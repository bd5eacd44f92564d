// The import walls of .dependency-cruiser.js, shown to stand: each forbidden import is planted in a
// scratch tree and must be reported by the rule that forbids it, each allowed one must not.
import { ScratchTree } from './scratch-tree';

const engine = 'packages/engine/src';

interface Planted {
  readonly from: string;
  readonly imports: string;
  readonly rule: string | 'allowed';
  readonly types?: boolean;
}

const forbidden = (from: string, imports: string, rule: string): Planted => ({
  from,
  imports,
  rule,
});
const allowed = (from: string, imports: string): Planted => ({ from, imports, rule: 'allowed' });
const typed = (planted: Planted): Planted => ({ ...planted, types: true });

const planted: Planted[] = [
  forbidden(`${engine}/formats/a1.ts`, '../copy/volume-io', 'engine-formats'),
  typed(forbidden(`${engine}/formats/a2.ts`, '../copy/volume-io', 'engine-formats')),
  forbidden(`${engine}/formats/a3.ts`, '../native/posix', 'engine-native-readers'),
  forbidden(`${engine}/sources/a4.ts`, '../copy/volume-io', 'engine-sources'),
  forbidden(`${engine}/sources/one/a5.ts`, '../two/two', 'engine-sources-apart'),
  forbidden(`${engine}/targets/one/a6.ts`, '../two/two', 'engine-targets-apart'),
  forbidden(`${engine}/copy/a7.ts`, '../sources/source', 'engine-copy'),
  forbidden(`${engine}/mover/a8.ts`, '../targets/target', 'engine-mover'),
  forbidden(`${engine}/targets/a9.ts`, '../mover/run-order', 'engine-targets-types'),
  forbidden(`${engine}/plan/a10.ts`, '../sources/source', 'engine-plan'),
  forbidden(`${engine}/plan/a11.ts`, '../targets/target', 'engine-plan-types'),
  forbidden(`${engine}/store/a12.ts`, '../sources/source', 'engine-store'),
  forbidden(`${engine}/store/a13.ts`, '../mover/mover', 'engine-store-types'),
  forbidden(`${engine}/queue/a14.ts`, '../store/store', 'engine-queue'),
  forbidden(`${engine}/steps/a15.ts`, '../worker/worker', 'engine-steps'),
  forbidden(`${engine}/worker/a16.ts`, '../operations/start', 'engine-worker'),
  forbidden(`${engine}/steps/a17.ts`, '@vm-migrate/api', 'engine-steps'),
  forbidden(`${engine}/errors.ts`, './plan/plan', 'engine-root-files'),
  forbidden(`${engine}/config.ts`, './plan/plan', 'engine-config'),
  forbidden(`${engine}/invented/a18.ts`, '../plan/plan', 'engine-unknown-folder'),
  forbidden(`${engine}/plan/a19.ts`, '../testing/suite', 'engine-testing-is-for-tests'),
  forbidden(`${engine}/operations/a20.ts`, 'yargs', 'engine-never-a-surface'),
  forbidden(
    `${engine}/operations/a21.ts`,
    '../../../../kubectl-plugin/src/main',
    'engine-never-a-surface',
  ),
  forbidden(`${engine}/copy/a22.ts`, 'pg', 'mover-without-database'),
  forbidden('packages/mover/src/a23.ts', '@vm-migrate/engine', 'mover-package'),
  forbidden('packages/mover/src/a24.ts', '../../engine/src/copy/volume-io', 'mover-package'),
  forbidden('packages/mover/src/a25.ts', 'graphile-worker', 'mover-without-database'),
  forbidden('packages/api/src/a26.ts', 'pg', 'api-is-isomorphic'),
  forbidden('kubectl-plugin/src/a27.ts', '../../packages/engine/src/plan/plan', 'surfaces'),
  forbidden('kubectl-plugin/src/a28.ts', '@vm-migrate/engine/mover', 'surfaces'),
  forbidden(`${engine}/copy/a29.ts`, './not-there', 'resolvable'),
  // Reported once, at one of its files.
  typed(forbidden(`${engine}/plan/ring-a.ts`, './ring-b', 'no-cycle')),
  allowed(`${engine}/formats/hole-finder.ts`, '../native/posix'),
  allowed(`${engine}/formats/b1.ts`, '../bytes'),
  allowed(`${engine}/sources/one/b2.ts`, '../source'),
  allowed(`${engine}/sources/b3.ts`, '../formats/layer'),
  allowed(`${engine}/mover/b4.ts`, '../copy/volume-io'),
  typed(allowed(`${engine}/targets/b5.ts`, '../mover/mover')),
  typed(allowed(`${engine}/plan/b6.ts`, '../targets/target')),
  allowed(`${engine}/plan/b7.test.ts`, '../testing/suite'),
  allowed(`${engine}/operations/b8.ts`, '@vm-migrate/api'),
  allowed(`${engine}/store/b9.ts`, 'pg'),
  allowed('packages/mover/src/b10.ts', '@vm-migrate/engine/mover'),
  allowed('kubectl-plugin/src/b11.ts', '@vm-migrate/engine'),
];

const targets = [
  ...['formats/layer', 'native/posix', 'copy/volume-io', 'sources/source', 'sources/one/one'],
  ...['sources/two/two', 'targets/one/one', 'targets/two/two', 'targets/target', 'mover/mover'],
  ...[
    'mover/index',
    'mover/run-order',
    'plan/plan',
    'store/store',
    'worker/worker',
    'operations/start',
    'bytes',
    'index',
  ],
  ...['testing/suite', 'testing/index'],
].map(file => `${engine}/${file}.ts`);

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string; readonly severity: string };
}

describe('import walls', () => {
  const tree = new ScratchTree();
  let violations: Violation[] = [];
  let status: number | null = null;

  beforeAll(() => {
    for (const name of ['pg', 'yargs', 'graphile-worker', 'zod']) tree.addPackage(name);
    for (const file of [...targets, 'packages/api/src/index.ts', 'kubectl-plugin/src/main.ts']) {
      tree.write(file, 'export const x = 1;\nexport type X = number;\n');
    }
    for (const { from, imports, types } of planted) {
      const what = types
        ? `import type { X } from '${imports}';`
        : `import { x } from '${imports}';`;
      tree.write(
        from,
        `${what}\nexport const y = 1;\nexport type Y = ${types ? 'X' : 'typeof x'};\n`,
      );
    }
    // The two of the ring are each other's types.
    for (const [one, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const text = `import type { X as Other } from './ring-${other}';\nexport type X = Other | 1;\n`;
      tree.write(`${engine}/plan/ring-${one}.ts`, text);
    }
    const folders = ['packages', 'plugins', 'kubectl-plugin', 'test'];
    const run = tree.run(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      ...folders,
      '--output-type',
      'json',
    );
    status = run.status;
    violations = (JSON.parse(run.output) as { summary: { violations: Violation[] } }).summary
      .violations;
  }, 60_000);

  afterAll(() => tree.remove());

  const rulesAt = (file: string): string[] =>
    violations
      .filter(({ from, rule }) => from === file && rule.severity === 'error')
      .map(({ rule }) => rule.name);

  test.each(planted.filter(({ rule }) => rule !== 'allowed'))(
    '$from may not import $imports ($rule)',
    ({ from, rule }) => expect(rulesAt(from)).toContain(rule),
  );

  test.each(planted.filter(({ rule }) => rule === 'allowed'))(
    '$from may import $imports',
    ({ from }) => expect(rulesAt(from)).toEqual([]),
  );

  test('the command line fails on a breach', async () => {
    const folders = ['packages', 'plugins', 'kubectl-plugin', 'test'];
    const run = tree.run(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      ...folders,
      '--output-type',
      'err',
    );
    expect(run.status).toBeGreaterThan(0);
    expect(status).not.toBeNull();
  }, 60_000);
});
