// What stands in examples/ and in the pages' YAML is understood by the readers that a user's file meets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig, type Config } from '../../packages/engine/src/config';
import { parseMigrationsFile } from '../../packages/engine/src/plan/parse-migrations-file';
import { openTarget } from '../../packages/engine/src/targets/open-target';
import type { Mover } from '../../packages/engine/src/mover/mover';
import { documentation, page } from './pages';

const folder = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configOf(yaml: string): Config {
  const file = path.join(folder, 'app-config.yaml');
  writeFileSync(file, yaml);
  const environment = { VM_MIGRATE_CONFIG: file, ...namesIn(yaml) };
  // A database that the environment names would win over the file's.
  delete (environment as Record<string, string>)['VM_MIGRATE_DATABASE_URL'];
  return readConfig({
    cwd: folder,
    home: folder,
    environment: { ...namesIn(yaml), ...environment },
  });
}

/** Something for every ${NAME}. */
function namesIn(yaml: string): Record<string, string> {
  return Object.fromEntries(
    [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, 'postgres://localhost/x']),
  );
}

const noMover = {} as Mover;

describe('configuration', () => {
  const example = page('examples/app-config.yaml').text;

  it('the example has every kind of setting, and its targets open', () => {
    const config = configOf(example);
    expect(config.database).toEqual({ kind: 'urlFile', file: '/etc/vm-migrate/url' });
    expect(config.sources.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'lab vm-directory',
      'web vm-https',
    ]);
    expect(config.limits.map(({ scope }) => scope)).toEqual([
      'all',
      'vm',
      'source:lab',
      'class:archive',
    ]);
    for (const { name, kind, options } of config.targets)
      openTarget({ ...options, name, kind }, { mover: noMover });
    expect(config.targets).toHaveLength(1);
  });

  it("app-config.yaml's commented part is right when it is used", () => {
    const { text } = page('app-config.yaml');
    const used = text
      .replace('vmMigrate: {}', 'vmMigrate:')
      .replace(/^#( {2}.*)?$/gm, (_, rest: string | undefined) =>
        (rest ?? '').replace(/^ {2}# /, '  # '),
      );
    const config = configOf(used);
    expect(config.sources).toHaveLength(1);
    for (const { name, kind, options } of config.targets)
      openTarget({ ...options, name, kind }, { mover: noMover });
    expect(config.targets.map(({ kind }) => kind)).toEqual(['local-directory']);
    expect(config.targets[0]?.name).not.toBe('local');
  });

  const blocks = documentation.flatMap(({ file, text }) =>
    [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => [file, yaml] as const),
  );
  const sections = blocks.filter(([, yaml]) => yaml.includes('vmMigrate:'));

  it('there are sections of it on pages', () => {
    expect(sections.length).toBeGreaterThan(0);
  });

  it.each(sections)('of %s', (_, yaml) => {
    for (const { name, kind, options } of configOf(yaml).targets)
      openTarget({ ...options, name, kind }, { mover: noMover });
  });
});

describe('migrations.yaml', () => {
  it('the example', () => {
    const { requests } = parseMigrationsFile(
      page('examples/migrations.yaml').text,
      'examples/migrations.yaml',
    );
    expect(requests.map(({ vm, options }) => `${vm} ${options.keep?.rule}`)).toEqual([
      'mail-1 newest',
      'web-1 newest',
      'lab/db-1 all',
      'build-7 names',
      'build-8 age',
    ]);
    expect(requests[1]?.options).toMatchObject({
      namePrefix: 'shop-web',
      leaveOutDisks: ['scsi0:1'],
      storageClassByDisk: { 'scsi0:2': 'archive' },
    });
  });

  it('of docs/migrations-file.md', () => {
    const yaml = /^```yaml\n(.*?)^```/ms.exec(page('docs/migrations-file.md').text)?.[1] ?? '';
    expect(parseMigrationsFile(yaml, 'docs/migrations-file.md').requests).toHaveLength(2);
  });
});

it('names sources, targets and classes that the example of the configuration has', () => {
  const config = configOf(page('examples/app-config.yaml').text);
  const classes = config.targets.flatMap(({ options }) =>
    Object.keys(options['classes'] as object),
  );
  const { requests } = parseMigrationsFile(
    page('examples/migrations.yaml').text,
    'examples/migrations.yaml',
  );
  for (const { source, target, options } of requests) {
    expect(config.sources.map(({ name }) => name)).toContain(source);
    expect(config.targets.map(({ name }) => name)).toContain(target);
    expect(classes).toEqual(
      expect.arrayContaining([
        options.storageClass,
        ...Object.values(options.storageClassByDisk ?? {}),
      ]),
    );
  }
});
