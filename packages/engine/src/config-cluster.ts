/**
 * The cluster that kubectl would talk to, as options of a target of kind `kubernetes`: by flag, then
 * KUBECONFIG, then ~/.kube/config, then the account of the pod that this runs in. Only files are
 * read, and nothing is loaded for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { ClusterFlags, ConfigInput } from './config-shape';
import { EngineError } from './errors';

export interface FoundCluster {
  /** For targets/kubernetes/options.ts; context and namespace are always said, so that they stay when the kubeconfig's change. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where it was found, for people. */
  readonly origin: string;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether somebody asked for a cluster by a flag that says which one. */
export function asksForCluster({ kubeconfig, context, namespace, as }: ClusterFlags): boolean {
  return [kubeconfig, context, namespace, as].some(said => said !== undefined);
}

/**
 * `undefined`: there is none, and nobody asked for one.
 * @throws EngineError CONFIG_INVALID when one was asked for by a flag and cannot be used
 */
export function findCluster(
  input: ConfigInput,
  accountFolder: string = ACCOUNT,
): FoundCluster | undefined {
  const { flags = {} } = input;
  const files = kubeconfigFiles(input);
  const merged = mergedFiles(files);
  const name = flags.context ?? merged.current;
  const context = merged.contexts.find(one => one.name === name);
  if (name !== undefined && context !== undefined && merged.clusters.has(context.cluster)) {
    return {
      options: {
        // Of several files that are merged, one alone may not do: then the worker's KUBECONFIG names them.
        ...(context.isWhole ? { kubeconfig: context.file } : {}),
        context: name,
        namespace: flags.namespace ?? context.namespace ?? 'default',
        ...identity(flags),
      },
      origin: `${originOf(input)}, context ${name}`,
    };
  }
  if (flags.kubeconfig === undefined && flags.context === undefined) {
    const inCluster = podAccount(input, accountFolder);
    if (inCluster !== undefined) return inCluster;
  }
  if (!asksForCluster(flags)) return undefined;
  throw new EngineError('CONFIG_INVALID', {
    where: { file: files[0] ?? '~/.kube/config' },
    expected:
      name === undefined
        ? 'a kubeconfig with a current context'
        : `a kubeconfig with the context ${name} and its cluster`,
    found:
      merged.contexts.length === 0
        ? 'no context'
        : `the contexts ${merged.contexts.map(one => one.name).join(', ')}`,
    hint: 'See what kubectl sees: kubectl config get-contexts',
  });
}

function identity({ as, asGroups, requestTimeoutMs }: ClusterFlags): Record<string, unknown> {
  return {
    ...(as === undefined ? {} : { as }),
    ...(asGroups === undefined || asGroups.length === 0 ? {} : { asGroups: [...asGroups] }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  };
}

function podAccount(input: ConfigInput, folder: string): FoundCluster | undefined {
  const { environment, flags = {} } = input;
  if ((environment['KUBERNETES_SERVICE_HOST'] ?? '') === '') return undefined;
  if (!existsSync(path.join(folder, 'token'))) return undefined;
  const own = readIfThere(path.join(folder, 'namespace'))?.trim();
  return {
    options: { namespace: flags.namespace ?? (own || 'default'), ...identity(flags) },
    origin: 'account of this pod',
  };
}

function originOf({ environment, flags }: ConfigInput): string {
  if (flags?.kubeconfig !== undefined) return 'flag --kubeconfig';
  return filled(environment['KUBECONFIG']) === undefined
    ? '~/.kube/config'
    : 'environment KUBECONFIG';
}

function kubeconfigFiles({ cwd, home, environment, flags }: ConfigInput): readonly string[] {
  if (flags?.kubeconfig !== undefined) return [path.resolve(cwd, flags.kubeconfig)];
  const named = filled(environment['KUBECONFIG']);
  if (named === undefined) return [path.join(home, '.kube', 'config')];
  return named
    .split(path.delimiter)
    .filter(file => file !== '')
    .map(file => path.resolve(cwd, file));
}

interface FoundContext {
  readonly name: string;
  readonly cluster: string;
  readonly namespace: string | undefined;
  readonly file: string;
  /** Its file has its cluster and its user too. */
  readonly isWhole: boolean;
}

interface MergedFiles {
  readonly current: string | undefined;
  readonly contexts: readonly FoundContext[];
  readonly clusters: ReadonlySet<string>;
}

/** As kubectl merges them: what an earlier file says stays. A file that is not there, or no YAML, says nothing. */
function mergedFiles(files: readonly string[]): MergedFiles {
  const contexts = new Map<string, FoundContext>();
  const clusters = new Set<string>();
  let current: string | undefined;
  for (const file of files) {
    const said = readKubeconfig(file);
    current ??= said.current;
    for (const name of said.clusters) clusters.add(name);
    for (const { name, cluster, user, namespace } of said.contexts) {
      if (contexts.has(name)) continue;
      const isWhole =
        said.clusters.includes(cluster) && (user === undefined || said.users.includes(user));
      contexts.set(name, { name, cluster, namespace, file, isWhole });
    }
  }
  return { current, contexts: [...contexts.values()], clusters };
}

interface Kubeconfig {
  readonly current: string | undefined;
  readonly clusters: readonly string[];
  readonly users: readonly string[];
  readonly contexts: readonly {
    readonly name: string;
    readonly cluster: string;
    readonly user: string | undefined;
    readonly namespace: string | undefined;
  }[];
}

function readKubeconfig(file: string): Kubeconfig {
  const said = asRecord(parsed(readIfThere(file) ?? ''));
  const entries = (key: string): Record<string, unknown>[] =>
    Array.isArray(said[key]) ? said[key].map(asRecord) : [];
  const names = (key: string): string[] =>
    entries(key).flatMap(entry => (typeof entry['name'] === 'string' ? [entry['name']] : []));
  return {
    current: text(said['current-context']),
    clusters: names('clusters'),
    users: names('users'),
    contexts: entries('contexts').flatMap(entry => {
      const inner = asRecord(entry['context']);
      const name = text(entry['name']);
      const cluster = text(inner['cluster']);
      if (name === undefined || cluster === undefined) return [];
      return [{ name, cluster, user: text(inner['user']), namespace: text(inner['namespace']) }];
    }),
  };
}

function parsed(yaml: string): unknown {
  try {
    return parse(yaml);
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function filled(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
