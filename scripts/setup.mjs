// Sets this checkout up: Node and Yarn where the machine has none that will do, the dependencies of
// yarn.lock, and the build. Plain Node 20 and newer, no dependencies. Adds only what is missing, and
// does nothing when the hash of what it is made from has not changed.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { filesUnder, hashFiles, stamp, withLock } from './setup-stamp.mjs';
import {
  SetupError,
  installTools,
  missingOnThisMachine,
  nodePath,
  toolsArePresent,
  yarnPath,
} from './setup-tools.mjs';

export { SetupError };
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const tools = path.join(root, '.tools');
const say = text => process.stderr.write(`set-up: ${text}\n`);

/** Environment for everything that runs after set-up: its Node and our programs come first. */
export function toolEnvironment(more = {}) {
  const first = [path.join(tools, 'bin'), path.join(root, 'node_modules', '.bin')];
  return { ...process.env, ...more, PATH: [...first, process.env.PATH].join(path.delimiter) };
}

/** The set-up's Node, for a child process. */
export const setUpNode = () => nodePath(tools);

/** What `npm run demo` needs: without Backstage, whose packages are two thirds of all. */
const demoWorkspaces = [
  'vm-migrate',
  '@vm-migrate/api',
  '@vm-migrate/engine',
  '@vm-migrate/mover',
  '@vm-migrate/kubectl-plugin',
  '@vm-migrate/test',
];

/**
 * Returns the time it took and what it did. Throws SetupError with what to do about it.
 * `scope`: `all`, or `demo` for less; where all was installed once, all is kept up to date.
 */
export function setUp({ build = true, scope = 'all', log = say } = {}) {
  const began = performance.now();
  const missing = missingOnThisMachine();
  if (missing) throw new SetupError(missing);
  const did = [];
  const wanted = scope === 'demo' && !wasInstalledWhole() ? 'demo' : 'all';
  const isInstalled = () => installIsCurrent(wanted);
  if (!isInstalled() || (build && !buildIsCurrent())) {
    // Readable by everyone: as root, PostgreSQL runs from here as another user.
    const before = process.umask(0o022);
    try {
      withLock(tools, log, () => {
        if (!isInstalled()) did.push(install(log, wanted));
        if (build && !buildIsCurrent()) did.push(runBuild(log));
      });
    } finally {
      process.umask(before);
    }
    warnIfHidden(log);
  }
  const seconds = (performance.now() - began) / 1000;
  if (did.length > 0) log(`done in ${seconds.toFixed(1)} s`);
  return { seconds, did };
}

function installHash() {
  const top = ['package.json', 'yarn.lock', '.yarnrc.yml', 'scripts/tool-versions.mjs'];
  const setupScripts = filesUnder(path.join(root, 'scripts'), file =>
    /^setup/.test(path.basename(file)),
  );
  const folders = [
    ...childFolders('packages'),
    ...childFolders('plugins'),
    'kubectl-plugin',
    'test',
  ];
  const manifests = [...top, ...folders.map(folder => path.join(folder, 'package.json'))]
    .map(file => path.join(root, file))
    .filter(file => fs.existsSync(file));
  return hashFiles(root, [...manifests, ...setupScripts], nodePath(tools), process.arch);
}

function childFolders(folder) {
  const entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries.filter(entry => entry.isDirectory()).map(entry => path.join(folder, entry.name));
}

/** Whatever lies there is never pruned: a folder of Backstage's tells what was installed, whole or half. */
function wasInstalledWhole() {
  return fs.existsSync(path.join(root, 'node_modules', '@backstage'));
}

function installIsCurrent(wanted) {
  return (
    toolsArePresent(tools) &&
    fs.existsSync(path.join(root, 'node_modules', '.yarn-state.yml')) &&
    stamp(tools, 'install').matches(`${wanted} ${installHash()}`)
  );
}

function install(log, wanted) {
  installTools(tools, log);
  // Both take the versions of the one yarn.lock, and neither writes it.
  const command =
    wanted === 'demo' ? ['workspaces', 'focus', ...demoWorkspaces] : ['install', '--immutable'];
  log(`dependencies (yarn ${command.slice(0, 2).join(' ')})`);
  const result = spawnSync(nodePath(tools), [yarnPath(tools), ...command], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: toolEnvironment({ YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_GLOBAL_CACHE: 'true' }),
  });
  if (result.status !== 0) {
    const why = /YN0028|lockfile would have been modified/.test(result.stdout ?? '')
      ? 'yarn.lock does not fit the package.json files; run `.tools/run yarn install` and commit yarn.lock.'
      : 'yarn install failed.';
    throw new SetupError(`${why}\n${result.stdout ?? ''}${result.error?.message ?? result.stderr}`);
  }
  stamp(tools, 'install').write(`${wanted} ${installHash()}`);
  return 'install';
}

const buildInputs = [
  'packages',
  'plugins',
  'kubectl-plugin',
  'test',
  'scripts/build.mjs',
  'tsconfig.json',
];

function buildHash() {
  const isInput = file => !/\.test\.ts$|\.md$/.test(file);
  const files = buildInputs.flatMap(input => filesUnder(path.join(root, input), isInput));
  return hashFiles(root, files, installHash(), wasInstalledWhole() ? 'all' : 'demo');
}

function buildIsCurrent() {
  const made = path.join(tools, 'stamps', 'built.json');
  if (!fs.existsSync(made)) return false;
  const outputs = JSON.parse(fs.readFileSync(made, 'utf8'));
  return (
    outputs.every(file => fs.existsSync(path.join(root, file))) &&
    stamp(tools, 'build').matches(buildHash())
  );
}

function runBuild(log) {
  log('build');
  // Hashed before, so that a file saved during the build makes the next set-up build again.
  const hash = buildHash();
  stamp(tools, 'build').clear();
  const result = spawnSync(nodePath(tools), [path.join(root, 'scripts', 'build.mjs')], {
    cwd: root,
    encoding: 'utf8',
    env: toolEnvironment(),
  });
  if (result.status !== 0)
    throw new SetupError(`The build failed.\n${result.stdout}${result.stderr}`);
  stamp(tools, 'build').write(hash);
  return 'build';
}

/** PostgreSQL as another user needs to walk down to node_modules; a home folder often forbids that. */
function warnIfHidden(log) {
  if (process.getuid?.() !== 0) return;
  for (let folder = root; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if ((fs.statSync(folder).mode & 0o001) === 0) {
      log(
        `note: ${folder} cannot be entered by other users, and the embedded PostgreSQL, which never runs as root, needs that`,
      );
      return;
    }
  }
}

/** Runs a command in place of this script: same terminal, signals passed on, same end. */
export function runInstead(command, args, env = toolEnvironment()) {
  const child = spawn(command, args, { stdio: 'inherit', env, cwd: process.cwd() });
  // A terminal's Ctrl-C reaches the child by itself; the others are sent to us alone.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', error => {
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exitCode = 127;
  });
  child.on('exit', (code, signal) => {
    const numbers = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGKILL: 137 };
    process.exitCode = code ?? numbers[signal] ?? 1;
  });
  return child;
}

/** Runs `body`; a SetupError ends the program with its message and without a stack. */
export function orExplain(body) {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const { did, seconds } = orExplain(() => setUp());
  if (did.length === 0) say(`nothing to do (${seconds.toFixed(2)} s)`);
}
