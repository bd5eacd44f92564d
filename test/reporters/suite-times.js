'use strict';

const fs = require('node:fs');
const path = require('node:path');

// Our jest reporter: a line per suite with its time, failures in full, every skipped test by name
// (its title says why), and the counts as JSON for scripts/test.mjs.

const dim = new Set(['pending', 'todo', 'skipped', 'disabled']);

class SuiteTimes {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
    this.counts = { passed: 0, failed: 0, skipped: 0, skippedTitles: [] };
  }

  onTestResult(_test, result) {
    const { counts } = this;
    const skipped = result.testResults
      .filter(test => dim.has(test.status))
      .map(test => test.fullName);
    // A suite that does not even load has no failed test of its own, and counts as one.
    const failed = result.numFailingTests + (result.testExecError ? 1 : 0);
    counts.passed += result.numPassingTests;
    counts.failed += failed;
    counts.skipped += skipped.length;
    counts.skippedTitles.push(...skipped);

    const seconds = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1);
    const file = path.relative(this.rootDir, result.testFilePath);
    const numbers = [`${result.numPassingTests} passed`];
    if (failed > 0) numbers.push(`${failed} failed`);
    if (skipped.length > 0) numbers.push(`${skipped.length} skipped`);
    const lines = [
      `${failed > 0 ? 'FAIL' : 'pass'} ${seconds.padStart(6)} s  ${file}  ${numbers.join(', ')}`,
    ];
    for (const title of skipped) lines.push(`     skipped: ${title}`);
    // Random tests print the seed that replays them.
    for (const entry of result.console ?? []) lines.push(indent(entry.message));
    if (failed > 0 && result.failureMessage) lines.push(result.failureMessage);
    process.stdout.write(`${lines.join('\n')}\n`);
  }

  onRunComplete(_contexts, results) {
    // A globalSetup that throws ends the run before any suite.
    if (results.runExecError) {
      this.counts.failed += 1;
      process.stdout.write(`${results.runExecError.message}\n`);
    }
    const file = process.env.VM_MIGRATE_TEST_COUNTS;
    if (file) fs.writeFileSync(file, JSON.stringify(this.counts));
  }
}

const indent = text => text.replace(/^/gm, '     ');

module.exports = SuiteTimes;
