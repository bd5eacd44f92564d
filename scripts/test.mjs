// npm test: sets up, then types, lint, API reports and every part of the tests. `node scripts/test.mjs PART
// [jest arguments]` runs one part. The last line sums them all: "N passed, N failed, N skipped".
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { buildApp } from './setup-app.mjs';
import { orExplain, root, setUp, setUpNode, toolEnvironment } from './setup.mjs';
import { filesUnder } from './setup-stamp.mjs';
import { ensureSystemTools } from './system-tools.mjs';
import { verdict } from './test-verdict.mjs';

// The file names of a part, only to tell "has no tests yet" from "ran none of its tests".
const parts = {
  unit: file =>
    !/\.(engine|kill|cluster)\.test\.ts$|\.tsx$|\/formats\/|^test\/(engine|kill|cluster|e2e|install)\//.test(
      file,
    ),
  pages: file => /^plugins\/vm-migrate\/.*\.test\.tsx$/.test(file),
  formats: file => /^packages\/engine\/src\/formats\/|^test\/formats\//.test(file),
  engine: file => /\.engine\.test\.ts$|^test\/engine\//.test(file),
  kill: file => /\.kill\.test\.ts$|^test\/kill\//.test(file),
  e2e: file => /^test\/e2e\//.test(file),
  install: file => /^test\/install\//.test(file),
  cluster: file => /\.cluster\.test\.ts$|^test\/cluster\//.test(file),
};

/** Minutes of installing, before a release: only when asked for (scripts/test-install.mjs). */
const alone = 'install';

const [only, ...jestArguments] = process.argv.slice(2);
if (only !== undefined && !(only in parts)) {
  process.stderr.write(
    `usage: node scripts/test.mjs [${Object.keys(parts).join('|')} [jest arguments]]\n`,
  );
  process.exit(2);
}

orExplain(() => {
  setUp();
  if (only === undefined || only === 'e2e') buildApp();
});
const onCi = process.env.CI === 'true';
const hasOneCluster = Boolean(
  process.env.VM_MIGRATE_TEST_CLUSTER || process.env.VM_MIGRATE_TEST_KUBECONFIG,
);
const missingTools = ensureSystemTools();
const env = toolEnvironment({ VM_MIGRATE_MISSING_TOOLS: missingTools.join(',') });

if (only === undefined && !process.env.VM_MIGRATE_TEST_KUBECONFIG) buildTestCluster();
const results = only ? [await jest(only)] : await everything();
if (onCi && missingTools.length > 0) {
  results.push({
    name: 'tools',
    passed: 0,
    failed: 1,
    skipped: 0,
    note: `missing on CI: ${missingTools.join(', ')}`,
  });
}
const { lines, ok } = verdict(results, { onCi });
process.stdout.write(`\n${lines.join('\n')}\n`);
process.exitCode = ok ? 0 : 1;

/** Minutes when it was never built on this machine: beside the other parts, at low priority. */
function buildTestCluster() {
  const program = path.join(root, 'test', 'dist', 'cluster.cjs');
  spawn(setUpNode(), [program, 'build'], { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] })
    .on('error', () => undefined)
    .unref();
}

/** The checks keep one processor busy, and so does the longest test of `formats`: side by side. */
async function everything() {
  const checks = allChecks();
  const formats = await jest('formats');
  const results = [...(await checks), formats];
  for (const name of Object.keys(parts).filter(part => part !== 'formats' && part !== alone))
    results.push(await jest(name));
  return results;
}

async function allChecks() {
  return [
    await check('typecheck', [path.join(root, 'scripts', 'typecheck.mjs')]),
    await check('lint', [path.join(root, 'scripts', 'lint.mjs')]),
    await check('api', [path.join(root, 'scripts', 'api-reports.mjs'), '--check']),
  ];
}

/** A check without tests of its own counts as one test. What it says is printed when it is done. */
async function check(name, args) {
  const began = performance.now();
  const { status, output } = await run(args, { stdio: 'kept' });
  title(name);
  process.stdout.write(output);
  const passed = status === 0;
  return {
    name,
    passed: passed ? 1 : 0,
    failed: passed ? 0 : 1,
    skipped: 0,
    seconds: since(began),
  };
}

async function jest(name) {
  title(name);
  const began = performance.now();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-test-'));
  const countsFile = path.join(folder, 'counts.json');
  try {
    const reporter = path.join(root, 'test', 'reporters', 'suite-times.js');
    const { status } = await run(
      [
        bin('jest', 'jest'),
        '--selectProjects',
        name,
        '--reporters',
        reporter,
        '--passWithNoTests',
        // Each of jest's workers has a cluster of its own, whose faults only one file at a time feels.
        ...(name === 'cluster' && hasOneCluster ? ['--runInBand'] : []),
        ...jestArguments,
      ],
      { more: { VM_MIGRATE_TEST_COUNTS: countsFile } },
    );
    const none = { passed: 0, failed: 0, skipped: 0, skippedTitles: [] };
    const counts = fs.existsSync(countsFile)
      ? JSON.parse(fs.readFileSync(countsFile, 'utf8'))
      : none;
    // Jest may fail with all tests passed (a tear-down, a leak of memory), or die: a failure as well.
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    return {
      name,
      ...counts,
      seconds: since(began),
      expectsTests: only !== undefined || hasTests(name),
    };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function hasTests(name) {
  return ['packages', 'kubectl-plugin', 'test']
    .flatMap(folder => filesUnder(path.join(root, folder), file => file.endsWith('.test.ts')))
    .map(file => path.relative(root, file))
    .some(parts[name]);
}

/** `stdio: 'kept'`: what it prints is answered instead of shown. */
function run(args, { more = {}, stdio = 'inherit' } = {}) {
  const child = spawn(setUpNode(), args, {
    cwd: root,
    stdio: stdio === 'kept' ? ['ignore', 'pipe', 'pipe'] : stdio,
    env: { ...env, ...more },
  });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', chunk => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', status => resolve({ status, output: Buffer.concat(chunks).toString() }));
  });
}

function bin(packageName, program) {
  const folder = path.join(root, 'node_modules', packageName);
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[program]);
}

function title(name) {
  process.stdout.write(`\n== ${name}\n`);
}

function since(began) {
  return (performance.now() - began) / 1000;
}
