/**
 * The only reader of raw configuration: the section `vmMigrate:` of app-config.yaml and of the
 * user's own file in the same form, then the environment, then flags; the later wins, entry by
 * entry. Everything else takes the checked result.
 *
 * ```yaml
 * vmMigrate:
 *   stateFolder: ~/.local/state/vm-migrate
 *   database: { url: '${DATABASE_URL}' }      # or urlFile:, service:, or embedded: true (the default)
 *   sources:
 *     lab: { kind: vm-directory, folder: /mnt/datastore1, roots: [/mnt/templates], datastores: { /vmfs/volumes/5f3e: /mnt/datastore1 } }
 *   targets:
 *     here: { kind: local-directory, default: true, classes: { fast: { folder: /srv/volumes, snapshots: reflink, default: true } } }
 *   limits:
 *     all: { maxRunning: 4, bytesPerSecond: 200000000 }
 *     vm: { maxRunning: 2 }
 *     sources: { lab: { bytesPerSecond: 50000000 } }
 *     classes: { fast: { maxRunning: 2 } }
 *   worker: { healthPort: 9464, metricsPort: 9464, listen: '*' }
 * ```
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { apiWords, pickApi } from './config-api';
import { readConfigFile, readSection, type ConfigFile } from './config-file';
import { type SectionInput, type LimitInput } from './config-schema';
import type {
  BackendConfig,
  Config,
  ConfigInput,
  ConfiguredDatabase,
  ConfiguredLimit,
  ConfiguredPlace,
  ConfiguredTarget,
} from './config-shape';
import { databaseWords, limitWords, placeWords } from './config-words';
import { EngineError } from './errors';
import { asksForCluster, findCluster, type FoundCluster } from './config-cluster';

export type * from './config-shape';

/**
 * @throws EngineError CONFIG_INVALID with file and line; USAGE for a password on the command line
 */
export function readConfig(input: ConfigInput): Config {
  const files = configFiles(input).map(file => readConfigFile(file, input));
  const stateFolder = pickStateFolder(files, input);
  const api = pickApi(files, input);
  const database = pickDatabase(files, input);
  const sources = pickSources(files);
  // A backend has its own: no cluster of this machine is looked for.
  const targets = pickTargets(
    files,
    stateFolder.value,
    api === undefined ? input : { ...input, flags: {} },
  );
  const limits = pickLimits(files);
  const worker = lastSaid(files, 'worker');
  return {
    stateFolder: stateFolder.value,
    database: database.value,
    sources: sources.map(({ value }) => value),
    targets: targets.map(({ value }) => value),
    limits: limits.map(({ value }) => value),
    ...(api === undefined ? {} : { api: api.value }),
    worker: worker?.value ?? {},
    values: [
      { key: 'stateFolder', value: stateFolder.value, origin: stateFolder.origin },
      { key: 'database', value: databaseWords(database.value), origin: database.origin },
      ...(api === undefined
        ? []
        : [{ key: 'apiUrl', value: apiWords(api.value), origin: api.origin }]),
      ...sources.map(({ value, origin }) => ({
        key: `sources.${value.name}`,
        value: placeWords(value),
        origin,
      })),
      ...targets.map(({ value, origin }) => ({
        key: `targets.${value.name}`,
        value: placeWords(value),
        origin,
      })),
      ...limits.map(({ value, origin }) => ({
        key: `limits.${value.scope}`,
        value: limitWords(value),
        origin,
      })),
      ...(worker === undefined
        ? []
        : [{ key: 'worker', value: JSON.stringify(worker.value), origin: worker.origin }]),
    ],
  };
}

/** Requests are small, but a list of findings that are accepted may be long. */
const MAX_BYTES = 262_144;
const CHANGES_PER_MINUTE = 120;

/**
 * The same section as a host has read it (Backstage's configuration): neither files nor the
 * environment are looked at, and nothing that only this user of this machine has becomes a target,
 * unless `kubectlCluster` asks for it.
 * @param folder what relative folders are meant from
 * @param environment for `kubectlCluster`
 * @throws EngineError CONFIG_INVALID naming the key
 */
export function readBackendConfig(
  section: unknown,
  {
    folder,
    home,
    environment = {},
  }: {
    readonly folder: string;
    readonly home: string;
    readonly environment?: ConfigInput['environment'];
  },
): BackendConfig {
  const file = readSection(section, { folder, home });
  const stateFolder = file.section.stateFolder ?? path.join(home, '.local', 'state', 'vm-migrate');
  const targets = backendTargets(file, stateFolder, { cwd: folder, home, environment });
  const { database, worker, requests } = file.section;
  return {
    stateFolder,
    ...(database === undefined ? {} : { database }),
    sources: pickSources([file]).map(({ value }) => value),
    targets: targets.map(({ value }) => value),
    limits: pickLimits([file]).map(({ value }) => value),
    worker: { enabled: true, ...worker },
    requests: { maxBytes: MAX_BYTES, changesPerMinute: CHANGES_PER_MINUTE, ...requests },
  };
}

interface Found<T> {
  readonly value: T;
  readonly origin: string;
}

/** Existing files, in the order in which they count; a named one has to be there. */
function configFiles({ cwd, home, environment, flags }: ConfigInput): string[] {
  const named = flags?.config ?? environment['VM_MIGRATE_CONFIG'];
  if (named !== undefined && named !== '') return [path.resolve(cwd, named)];
  const own = path.join(
    environment['XDG_CONFIG_HOME'] ?? path.join(home, '.config'),
    'vm-migrate',
    'config.yaml',
  );
  return [path.join(cwd, 'app-config.yaml'), own].filter(file => existsSync(file));
}

/** The last file that says something, with its line. */
function lastSaid<K extends keyof SectionInput>(
  files: readonly ConfigFile[],
  key: K,
): Found<NonNullable<SectionInput[K]>> | undefined {
  for (const file of [...files].reverse()) {
    const value = file.section[key];
    if (value !== undefined) return { value, origin: file.at([key]) };
  }
  return undefined;
}

function pickStateFolder(
  files: readonly ConfigFile[],
  { cwd, home, environment, flags }: ConfigInput,
): Found<string> {
  if (flags?.stateFolder !== undefined)
    return { value: path.resolve(cwd, flags.stateFolder), origin: 'flag --state-folder' };
  const fromEnvironment = filled(environment['VM_MIGRATE_STATE_FOLDER']);
  if (fromEnvironment !== undefined)
    return {
      value: path.resolve(cwd, fromEnvironment),
      origin: 'environment VM_MIGRATE_STATE_FOLDER',
    };
  const state = environment['XDG_STATE_HOME'] ?? path.join(home, '.local', 'state');
  return (
    lastSaid(files, 'stateFolder') ?? { value: path.join(state, 'vm-migrate'), origin: 'default' }
  );
}

function pickDatabase(
  files: readonly ConfigFile[],
  { cwd, environment, flags = {} }: ConfigInput,
): Found<ConfiguredDatabase> {
  const { databaseUrl, databaseUrlFile, databaseService } = flags;
  if (databaseUrl !== undefined)
    return {
      value: { kind: 'url', url: withoutPassword(databaseUrl) },
      origin: 'flag --database-url',
    };
  if (databaseUrlFile !== undefined)
    return {
      value: { kind: 'urlFile', file: path.resolve(cwd, databaseUrlFile) },
      origin: 'flag --database-url-file',
    };
  if (databaseService !== undefined)
    return {
      value: { kind: 'service', service: databaseService },
      origin: 'flag --database-service',
    };

  const url = filled(environment['VM_MIGRATE_DATABASE_URL']);
  if (url !== undefined)
    return { value: { kind: 'url', url }, origin: 'environment VM_MIGRATE_DATABASE_URL' };
  const file = filled(environment['VM_MIGRATE_DATABASE_URL_FILE']);
  if (file !== undefined)
    return {
      value: { kind: 'urlFile', file: path.resolve(cwd, file) },
      origin: 'environment VM_MIGRATE_DATABASE_URL_FILE',
    };
  const service = filled(environment['VM_MIGRATE_DATABASE_SERVICE']);
  if (service !== undefined)
    return {
      value: { kind: 'service', service },
      origin: 'environment VM_MIGRATE_DATABASE_SERVICE',
    };

  return lastSaid(files, 'database') ?? { value: { kind: 'embedded' }, origin: 'default' };
}

/** Every user of the machine can read a command line, and the shell keeps it. */
function withoutPassword(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && parsed.password === '' && !parsed.searchParams.has('password'))
    return url;
  throw new EngineError('USAGE', {
    where: { object: '--database-url' },
    expected: 'a database URL without a password',
    found:
      parsed === undefined
        ? 'no URL'
        : 'a URL with a password, which every user of this machine can read there',
    hint: 'Set VM_MIGRATE_DATABASE_URL, or put the URL into a file and give --database-url-file FILE, or use --database-service NAME (~/.pg_service.conf).',
  });
}

function pickSources(files: readonly ConfigFile[]): Found<ConfiguredPlace>[] {
  return merged(files, 'sources', (name, { kind, ...options }) => ({ name, kind, options }));
}

/**
 * Without a configured one: a local directory, and the cluster that kubectl would talk to, which is
 * the default. Flags that name a cluster bring it beside configured targets too.
 */
function pickTargets(
  files: readonly ConfigFile[],
  stateFolder: string,
  input: ConfigInput,
): Found<ConfiguredTarget>[] {
  const said = configuredTargets(files);
  const isAsked = asksForCluster(input.flags ?? {});
  const cluster = said.length === 0 || isAsked ? findCluster(input) : undefined;
  if (said.length > 0) return cluster === undefined ? said : withCluster(said, cluster);
  const local = { value: ownTarget(stateFolder), origin: 'default' };
  return cluster === undefined ? [local] : withCluster([local], cluster);
}

/** The cluster that kubectl would talk to comes in only where it is asked for, and no cluster is configured. */
function backendTargets(
  file: ConfigFile,
  stateFolder: string,
  input: ConfigInput,
): Found<ConfiguredTarget>[] {
  const configured = configuredTargets([file]);
  const said =
    configured.length === 0 ? [{ value: ownTarget(stateFolder), origin: 'default' }] : configured;
  const { kubectlCluster } = file.section;
  if (kubectlCluster === undefined || said.some(({ value }) => value.kind === 'kubernetes'))
    return said;
  const cluster = findCluster(input);
  if (cluster === undefined) return said;
  return kubectlCluster === 'default'
    ? withCluster(said, cluster)
    : [...said, { value: foundTarget(cluster), origin: cluster.origin }];
}

/** What a configured cluster says of classes and pods counts; where it is, the flags say. */
function withCluster(
  said: readonly Found<ConfiguredTarget>[],
  cluster: FoundCluster,
): Found<ConfiguredTarget>[] {
  const base = said.find(({ value }) => value.kind === 'kubernetes' && value.isDefault)?.value;
  const {
    kubeconfig: _1,
    context: _2,
    namespace: _3,
    clusterId: _4,
    ...kept
  } = base?.options ?? {};
  return [
    ...said
      .filter(({ value }) => value.name !== CLUSTER_TARGET)
      .map(one => ({ ...one, value: { ...one.value, isDefault: false } })),
    { value: { ...foundTarget(cluster, kept), isDefault: true }, origin: cluster.origin },
  ];
}

function foundTarget(
  { options }: FoundCluster,
  kept: ConfiguredTarget['options'] = {},
): ConfiguredTarget {
  return {
    name: CLUSTER_TARGET,
    kind: 'kubernetes',
    isDefault: false,
    isFound: true,
    options: { ...kept, ...options },
  };
}

const CLUSTER_TARGET = 'kubernetes';

function configuredTargets(files: readonly ConfigFile[]): Found<ConfiguredTarget>[] {
  const said = merged(files, 'targets', (name, { kind, default: isDefault, ...options }) => ({
    name,
    kind,
    isDefault: isDefault === true,
    options,
  }));
  const [first, second] = said.filter(({ value }) => value.isDefault);
  if (second !== undefined && first !== undefined) {
    throw new EngineError('CONFIG_INVALID', {
      where: { object: `targets ${first.value.name} and ${second.value.name}` },
      expected: 'one default target',
      found: `two: ${first.origin} and ${second.origin}`,
    });
  }
  // A single target needs no mark.
  return said.length === 1
    ? said.map(({ value, origin }) => ({ value: { ...value, isDefault: true }, origin }))
    : said;
}

function ownTarget(stateFolder: string): ConfiguredTarget {
  const classes = {
    local: { path: path.join(stateFolder, 'volumes'), snapshots: 'auto', default: true },
  };
  return { name: 'local', kind: 'local-directory', isDefault: true, options: { classes } };
}

function pickLimits(files: readonly ConfigFile[]): Found<ConfiguredLimit>[] {
  const found = new Map<string, Found<ConfiguredLimit>>();
  const put = (scope: string, said: LimitInput | undefined, origin: string): void => {
    if (said !== undefined) found.set(scope, { value: { scope, ...said }, origin });
  };
  for (const { section, at } of files) {
    const { all, vm, sources = {}, classes = {} } = section.limits ?? {};
    put('all', all, at(['limits', 'all']));
    put('vm', vm, at(['limits', 'vm']));
    for (const [name, said] of Object.entries(sources))
      put(`source:${name}`, said, at(['limits', 'sources', name]));
    for (const [name, said] of Object.entries(classes))
      put(`class:${name}`, said, at(['limits', 'classes', name]));
  }
  return [...found.values()];
}

/** Named entries of all files; one name said twice counts as the later file says it, whole. */
function merged<K extends 'sources' | 'targets', T>(
  files: readonly ConfigFile[],
  key: K,
  make: (name: string, entry: NonNullable<SectionInput[K]>[string]) => T,
): Found<T>[] {
  const found = new Map<string, Found<T>>();
  for (const { section, at } of files) {
    const entries = Object.entries(section[key] ?? {}) as [
      string,
      NonNullable<SectionInput[K]>[string],
    ][];
    for (const [name, entry] of entries)
      found.set(name, { value: make(name, entry), origin: at([key, name]) });
  }
  return [...found.values()];
}

function filled(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
