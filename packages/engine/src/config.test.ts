import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig, type Config, type ConfigFlags } from './config';

describe('configuration', () => {
  let folder: string;
  const home = (): string => path.join(folder, 'home');

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'vm-migrate-config-'));
    mkdirSync(path.join(home(), '.config', 'vm-migrate'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (yaml: string, file = path.join(folder, 'app-config.yaml')): void =>
    writeFileSync(file, yaml);
  const own = (): string => path.join(home(), '.config', 'vm-migrate', 'config.yaml');
  const read = (environment: Record<string, string> = {}, flags: ConfigFlags = {}): Config =>
    readConfig({ cwd: folder, home: home(), environment, flags });
  const originOf = (config: Config, key: string): string | undefined =>
    config.values.find(value => value.key === key)?.origin;

  it('works without any file: embedded database, one local target in the state folder', () => {
    const state = path.join(home(), '.local/state/vm-migrate');
    const config = read();
    expect(config).toMatchObject({
      stateFolder: state,
      database: { kind: 'embedded' },
      sources: [],
      limits: [],
    });
    expect(config.targets).toEqual([
      {
        name: 'local',
        kind: 'local-directory',
        isDefault: true,
        options: {
          classes: {
            local: { path: path.join(state, 'volumes'), snapshots: 'auto', default: true },
          },
        },
      },
    ]);
    expect(config.values.map(value => value.origin)).toEqual(['default', 'default', 'default']);
  });

  it('reads the section, with folders meant from the file and from the home', () => {
    write(`
app: { title: not ours }
vmMigrate:
  sources:
    lab: { kind: vm-directory, folder: ./vms, roots: [~/templates], datastores: { /vmfs/volumes/1: /mnt/one } }
    far: { kind: other-kind, address: example }
    web: { kind: vm-https, url: 'https://h:8443/a%20b/?x=1', caFile: ./ca.pem, credentials: { file: ./login }, allowAddresses: [127.0.0.1, 'fd00::/8'] }
  targets:
    here: { kind: local-directory, classes: { fast: { folder: /srv/fast, default: true }, slow: { folder: ./slow, snapshots: copy } } }
  limits: { all: { maxRunning: 3 }, sources: { lab: { bytesPerSecond: 1000 } } }
`);
    const config = read();
    expect(config.sources).toEqual([
      {
        name: 'lab',
        kind: 'vm-directory',
        options: {
          folder: path.join(folder, 'vms'),
          roots: [path.join(home(), 'templates')],
          datastores: { '/vmfs/volumes/1': '/mnt/one' },
        },
      },
      { name: 'far', kind: 'other-kind', options: { address: 'example' } },
      {
        name: 'web',
        kind: 'vm-https',
        options: {
          url: 'https://h:8443/a%20b/?x=1',
          caFile: path.join(folder, 'ca.pem'),
          credentials: { file: path.join(folder, 'login') },
          allowAddresses: ['127.0.0.1', 'fd00::/8'],
        },
      },
    ]);
    expect(config.targets).toEqual([
      {
        name: 'here',
        kind: 'local-directory',
        isDefault: true,
        options: {
          classes: {
            fast: { path: '/srv/fast', snapshots: 'auto', default: true },
            slow: { path: path.join(folder, 'slow'), snapshots: 'copy', default: false },
          },
        },
      },
    ]);
    expect(config.limits).toEqual([
      { scope: 'all', maxRunning: 3 },
      { scope: 'source:lab', bytesPerSecond: 1000 },
    ]);
    expect(originOf(config, 'sources.far')).toBe(`${path.join(folder, 'app-config.yaml')}, line 6`);
  });

  it('lets the later win: own file over app-config.yaml, environment over files, flags over all', () => {
    write(
      'vmMigrate:\n  stateFolder: /a\n  database: { url: "postgres://u@one/db" }\n  sources: { s: { kind: vm-directory, folder: /1 } }\n',
    );
    expect(read()).toMatchObject({ stateFolder: '/a', database: { url: 'postgres://u@one/db' } });
    write(
      'vmMigrate:\n  stateFolder: /b\n  database: { service: two }\n  sources: { s: { kind: vm-directory, folder: /2 } }\n',
      own(),
    );
    expect(read()).toMatchObject({
      stateFolder: '/b',
      database: { kind: 'service', service: 'two' },
      sources: [{ options: { folder: '/2' } }],
    });
    const environment = {
      VM_MIGRATE_STATE_FOLDER: '/c',
      VM_MIGRATE_DATABASE_URL: 'postgres://u:secret@three/db',
    };
    const third = read(environment);
    expect(third).toMatchObject({
      stateFolder: '/c',
      database: { kind: 'url', url: 'postgres://u:secret@three/db' },
    });
    expect(originOf(third, 'database')).toBe('environment VM_MIGRATE_DATABASE_URL');
    const fourth = read(environment, { stateFolder: '/d', databaseUrlFile: 'url.txt' });
    expect(fourth).toMatchObject({
      stateFolder: '/d',
      database: { kind: 'urlFile', file: path.join(folder, 'url.txt') },
    });
    expect(originOf(fourth, 'database')).toBe('flag --database-url-file');
  });

  it('reads only the named file when one is named', () => {
    write('vmMigrate: { stateFolder: /a }');
    const other = path.join(folder, 'other.yaml');
    write('vmMigrate: { limits: { vm: { maxRunning: 1 } } }', other);
    const config = read({}, { config: 'other.yaml' });
    expect(config.stateFolder).not.toBe('/a');
    expect(config.limits).toEqual([{ scope: 'vm', maxRunning: 1 }]);
  });

  it('never shows a password', () => {
    write('vmMigrate:\n  database: { url: "postgres://u:${DB_PASSWORD}@host/db" }\n');
    const config = read({ DB_PASSWORD: 's3cret' });
    expect(config.database).toEqual({ kind: 'url', url: 'postgres://u:s3cret@host/db' });
    expect(JSON.stringify(config.values)).not.toContain('s3cret');
  });

  it.each(['postgres://u:secret@host/db', 'postgres://u@host/db?password=secret', 'not a url'])(
    'refuses %s on the command line',
    databaseUrl => {
      expect(() => read({}, { databaseUrl })).toThrow(
        expect.objectContaining({
          code: 'USAGE',
          hint: expect.stringContaining('VM_MIGRATE_DATABASE_URL'),
        }),
      );
      expect(() => read({}, { databaseUrl })).not.toThrow(/secret/);
      expect(read({}, { databaseUrl: 'postgres://u@host/db' }).database).toEqual({
        kind: 'url',
        url: 'postgres://u@host/db',
      });
    },
  );

  it.each([
    [
      'a wrong type',
      'vmMigrate:\n  limits:\n    all:\n      maxRunning: many\n',
      4,
      'number',
      '"many"',
    ],
    [
      'an unknown setting',
      'vmMigrate:\n  sources:\n    lab:\n      kind: vm-directory\n      folder: /x\n      foldr: /y\n',
      6,
      'a setting of vm-migrate',
      /foldr/,
    ],
    [
      'a missing setting',
      'vmMigrate:\n  sources:\n    lab:\n      kind: vm-directory\n',
      3,
      'string',
      'nothing',
    ],
    [
      'a wrong word',
      'vmMigrate:\n  targets:\n    t:\n      kind: local-directory\n      classes:\n        c: { folder: /x, snapshots: magic }\n',
      6,
      'auto, reflink, copy, none',
      '"magic"',
    ],
    [
      'two databases',
      'vmMigrate:\n  database: { url: "postgres://u:secret@h/d", embedded: true }\n',
      2,
      /exactly one/,
      /not repeated/,
    ],
    [
      'a name with a slash',
      'vmMigrate:\n  sources:\n    a/b: { kind: vm-directory, folder: /x }\n',
      3,
      /letters/,
      /./,
    ],
    [
      'a variable that is not set',
      'vmMigrate:\n  stateFolder: ${NOWHERE}\n',
      2,
      'the environment variable NOWHERE',
      'it is not set',
    ],
    [
      'a URL of a server with a password',
      'vmMigrate:\n  sources:\n    s:\n      kind: vm-https\n      url: https://me:hush@h/\n',
      5,
      /without user name/,
      /^(?!.*hush).*not repeated/,
    ],
    [
      'credentials where their place is said',
      'vmMigrate:\n  sources:\n    s:\n      kind: vm-https\n      url: https://h/\n      credentials: { env: me:hush }\n',
      6,
      /./,
      /^(?!.*hush).*not repeated/,
    ],
    [
      'an address that is none',
      'vmMigrate:\n  sources:\n    s:\n      kind: vm-https\n      url: https://h/\n      allowAddresses: [localhost]\n',
      6,
      /an IP address/,
      '"localhost"',
    ],
    ['broken YAML', 'vmMigrate:\n  a: [1,\n  b: }\n', 3, 'YAML', /./],
  ])('names file, line and expectation of %s', (_, yaml, line, expected, found) => {
    write(yaml);
    const error = catching(() => read());
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      where: { file: path.join(folder, 'app-config.yaml'), line },
      expected: typeof expected === 'string' ? expected : expect.stringMatching(expected),
      found: typeof found === 'string' ? found : expect.stringMatching(found),
    });
    expect(String(error)).not.toContain('secret');
  });

  it('refuses two default targets, and marks none when none says so', () => {
    const entry = (name: string, more: string): string =>
      `    ${name}: { kind: local-directory, ${more} classes: { c: { folder: /${name} } } }\n`;
    write(`vmMigrate:\n  targets:\n${entry('a', 'default: true,')}${entry('b', 'default: true,')}`);
    expect(() => read()).toThrow(/line 3 and .*line 4/);
    write(`vmMigrate:\n  targets:\n${entry('a', '')}${entry('b', '')}`);
    expect(read().targets.map(target => target.isDefault)).toEqual([false, false]);
  });
});

function catching(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}
