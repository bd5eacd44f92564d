/**
 * A Backstage of somebody else, outside of this checkout: two apps and a backend, with our packages as
 * they are packed, and every other package in the version of our yarn.lock.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');
const template = path.join(__dirname, 'consumer');

export interface Tarball {
  readonly name: string;
  readonly file: string;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly resolutions?: Readonly<Record<string, string>>;
  readonly dependenciesMeta?: object;
  readonly browserslist?: object;
}

export interface Said {
  readonly status: number | null;
  readonly output: string;
}

/** Tools and libraries of the legacy app, beside what our own app has. */
const legacyPackages = [
  '@backstage/app-defaults',
  '@backstage/core-app-api',
  '@backstage/core-components',
  '@backstage/core-plugin-api',
  '@backstage/plugin-catalog',
  '@backstage/plugin-catalog-react',
  '@backstage/ui',
];

/** Without the legacy app where what it imports is not there yet. */
export function writeConsumer(
  folder: string,
  tarballs: readonly Tarball[],
  { hasLegacy }: { readonly hasLegacy: boolean },
): void {
  rmSync(path.join(folder, 'packages'), { recursive: true, force: true });
  cpSync(template, folder, { recursive: true });
  cpSync(
    path.join(folder, 'packages/app/public'),
    path.join(folder, 'packages/app-legacy/public'),
    { recursive: true },
  );
  // The same uses, as a module and as CommonJS.
  copyFileSync(path.join(template, 'types/uses.ts'), path.join(folder, 'types/uses.mts'));
  mkdirSync(path.join(folder, 'tarballs'), { recursive: true });
  for (const { file } of tarballs)
    copyFileSync(file, path.join(folder, 'tarballs', path.basename(file)));
  for (const file of ['yarn.lock', '.yarnrc.yml'])
    copyFileSync(path.join(root, file), path.join(folder, file));

  const ours = readManifest('package.json');
  const app = readManifest('packages/app/package.json');
  const backend = readManifest('packages/backend/package.json');
  const here = Object.fromEntries(tarballs.map(({ name, file }) => [name, fileOf(file)]));
  writeManifest(folder, {
    workspaces: ['packages/*'],
    dependencies: here,
    devDependencies: {
      ...lockedRanges(['@backstage/cli', '@backstage/cli-defaults']),
      ...chosen(ours.devDependencies, ['@types/node', 'typescript']),
      ...chosen(app.devDependencies, ['@types/react', '@types/react-dom']),
    },
    resolutions: { ...ours.resolutions, ...here },
    dependenciesMeta: ours.dependenciesMeta,
  });
  const frontend = '@vm-migrate/backstage-plugin-vm-migrate';
  const frontendApp = { backstage: { role: 'frontend' }, browserslist: app.browserslist };
  writeManifest(path.join(folder, 'packages/app'), {
    ...frontendApp,
    name: 'app',
    main: 'src/index.tsx',
    dependencies: { ...notOurs(app.dependencies), [frontend]: here[frontend] },
  });
  if (hasLegacy)
    writeManifest(path.join(folder, 'packages/app-legacy'), {
      ...frontendApp,
      name: 'app-legacy',
      main: 'src/index.tsx',
      dependencies: {
        ...lockedRanges(['@backstage/cli', '@backstage/cli-defaults', ...legacyPackages]),
        ...chosen(app.dependencies, ['react', 'react-dom', 'react-router-dom']),
        [frontend]: here[frontend],
      },
    });
  else rmSync(path.join(folder, 'packages/app-legacy'), { recursive: true });
  writeManifest(path.join(folder, 'packages/backend'), {
    name: 'backend',
    backstage: { role: 'backend' },
    main: 'src/index.ts',
    dependencies: {
      ...backstageOnly(notOurs(backend.dependencies)),
      // What a new Backstage comes with.
      ...lockedRanges(['better-sqlite3']),
      ...Object.fromEntries(Object.entries(here).filter(([name]) => /backend/.test(name))),
      app: 'workspace:^',
      ...(hasLegacy ? { 'app-legacy': 'workspace:^' } : {}),
    },
  });
}

/** From the folder of a package, all are in the folder above both. */
const fileOf = (tarball: string): string => `file:./tarballs/${path.basename(tarball)}`;

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Manifest;
}

function writeManifest(folder: string, manifest: object): void {
  const all = { name: 'consumer', version: '1.0.0', private: true, ...manifest };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(all, null, 2)}\n`);
}

type Ranges = Readonly<Record<string, string>>;

const notOurs = (ranges: Ranges = {}): Ranges =>
  Object.fromEntries(Object.entries(ranges).filter(([, range]) => !range.startsWith('workspace:')));
const chosen = (ranges: Ranges = {}, names: readonly string[]): Ranges =>
  Object.fromEntries(Object.entries(ranges).filter(([name]) => names.includes(name)));
const backstageOnly = (ranges: Ranges): Ranges =>
  Object.fromEntries(Object.entries(ranges).filter(([name]) => name.startsWith('@backstage/')));

/** Ranges that our yarn.lock has a version for, so that another one is never looked for. */
function lockedRanges(names: readonly string[]): Ranges {
  const lock = readFileSync(path.join(root, 'yarn.lock'), 'utf8');
  return Object.fromEntries(
    names.map(name => {
      const found = new RegExp(`"${name}@npm:([^",]+)[",]`).exec(lock)?.[1];
      if (found === undefined) throw new Error(`yarn.lock has no ${name}`);
      return [name, found];
    }),
  );
}

/** Versions of each package in a yarn.lock, without those of a workspace or a file. */
export function lockedVersions(folder: string): ReadonlyMap<string, readonly string[]> {
  const lock = readFileSync(path.join(folder, 'yarn.lock'), 'utf8');
  const versions = new Map<string, string[]>();
  for (const [, name = '', version = ''] of lock.matchAll(
    /^ {2}resolution: "((?:@[^@/]+\/)?[^@]+)@npm:([^":]+)"$/gm,
  ))
    versions.set(name, [...(versions.get(name) ?? []), version]);
  return versions;
}

/** The set-up's Node and Yarn come first; the consumer's own programs before all. */
export async function run(
  folder: string,
  command: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const first = [path.join(folder, 'node_modules/.bin'), path.join(root, '.tools/bin')];
  // Jest's NODE_ENV and options are not for what runs there.
  const { NODE_ENV: _env, NODE_OPTIONS: _options, PATH = '', ...env } = process.env;
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      ...env,
      YARN_ENABLE_TELEMETRY: '0',
      PATH: [...first, PATH].join(path.delimiter),
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', part => parts.push(String(part)));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output: parts.join('') };
}
