// npm run pack: builds every public package and packs it as it is published, into dist/packages. The
// work is done on a copy of the packages, so nothing of the checkout changes while it goes on.
// Ends with 1 when an entry that a package.json promises is missing; the others are packed all the same.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { writeDeclarations } from './declarations.mjs';
import { buildPackage } from './pack-build.mjs';
import { faultsOf } from './pack-contents.mjs';
import { stagePackages, writeJson } from './pack-stage.mjs';
import { missingEntries, publicPackages } from './public-packages.mjs';
import { SetupError, orExplain, root, toolEnvironment } from './setup.mjs';

const out = path.join(root, 'dist', 'packages');
const say = text => process.stderr.write(`pack: ${text}\n`);

/**
 * Returns { tarballs: [{ name, file, bytes }], problems: [line] }: what lacks, and what should not be in.
 * @throws SetupError when a package cannot be built
 */
export function packAll({ log = say } = {}) {
  const packages = publicPackages();
  const problems = [...missingEntries(packages), ...versionFaults(packages)];
  const there = packages.filter(
    ({ entries, build }) => build.programs || entries.some(entry => entry.exists),
  );
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const stage = stagePackages(there);
  log(`declarations of ${there.length} packages`);
  writeDeclarations(there, path.join(stage, 'dist-types'));
  const tarballs = there.map(one => {
    log(one.name);
    buildPackage(one, stage);
    const file = packOne(one, stage);
    problems.push(...faultsOf(one, file));
    return { name: one.name, file, bytes: fs.statSync(file).size };
  });
  // For whoever installs them afterwards.
  writeJson(path.join(out, 'packed.json'), { tarballs, problems });
  return { tarballs, problems };
}

/** One version for all; until the first release there is none. The engine refuses a mover that has another. */
function versionFaults(packages) {
  const versions = new Set(packages.map(({ manifest }) => manifest.version));
  if (versions.size > 1) return [`packages of several versions: ${[...versions].join(', ')}`];
  const [version] = versions;
  const source = 'packages/engine/src/mover/version.ts';
  const isSame = fs.readFileSync(path.join(root, source), 'utf8').includes(`'${version}'`);
  return version === '0.0.0' || isSame ? [] : [`${source} does not say ${version}`];
}

/** Yarn's own packing: puts versions in place of `workspace:`, and takes what `files` names. */
function packOne({ name, folder }, stage) {
  const file = path.join(out, `${name.replace(/^@/, '').replace('/', '-')}.tgz`);
  const yarn = path.join(root, '.tools', 'bin', 'yarn');
  const result = spawnSync(yarn, ['pack', '--out', file], {
    cwd: path.join(stage, folder),
    encoding: 'utf8',
    env: toolEnvironment({ YARN_ENABLE_TELEMETRY: '0' }),
  });
  if (result.status !== 0)
    throw new SetupError(`${name} could not be packed.\n${result.stdout}${result.stderr}`);
  return file;
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const { tarballs, problems } = orExplain(() => packAll());
  for (const { file, bytes } of tarballs)
    process.stdout.write(`${path.relative(root, file)}  ${Math.ceil(bytes / 1024)} KiB\n`);
  for (const problem of problems) process.stdout.write(`MISSING OR WRONG: ${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
