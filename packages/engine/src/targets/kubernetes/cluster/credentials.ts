/** Which cluster, and as whom: kubeconfig, context, in-cluster account, exec plugins, OIDC, impersonation. */
import { createHash } from 'node:crypto';
import type { Agent as HttpAgent } from 'node:http';
import type { RequestOptions } from 'node:https';

import { EngineError } from '../../../errors';

export interface ClusterAddress {
  /** Absent: $KUBECONFIG, ~/.kube/config, or the account of the pod that this runs in. */
  readonly kubeconfig?: string;
  /** Absent: the current one. */
  readonly context?: string;
  /** Absent: the context's, else `default`. */
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroups?: readonly string[];
}

/** What a request needs beside its path. */
export interface RequestSecurity {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Certificates and the like: what a connection is made with. */
  readonly tls: Readonly<Record<string, unknown>>;
  /** The same for connections that can be shared. */
  readonly connectionKey: string;
  /** Through a proxy: client-node's own agent. */
  readonly agent?: HttpAgent;
}

export interface Credentials {
  /** URL without a slash at its end. */
  readonly server: string;
  readonly namespace: string;
  /** Asked before every request: tokens are renewed, files read again. */
  secure(): Promise<RequestSecurity>;
}

/** @throws EngineError CONFIG_INVALID when there is no such kubeconfig, context or cluster */
export async function loadCredentials(address: ClusterAddress): Promise<Credentials> {
  const { KubeConfig } = clientNode();
  const config = new KubeConfig();
  try {
    if (address.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(address.kubeconfig);
  } catch (thrown) {
    throw invalid(address, thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (address.context !== undefined) {
    if (config.getContextObject(address.context) === null) {
      const names = config.getContexts().map(context => context.name);
      throw invalid(
        address,
        `no context ${address.context}; there are: ${names.join(', ') || 'none'}`,
      );
    }
    config.setCurrentContext(address.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw invalid(address, 'no current context, or its cluster is not there');
  const context = config.getContextObject(config.getCurrentContext());
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: address.namespace ?? context?.namespace ?? 'default',
    async secure() {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const headers: Record<string, string | readonly string[]> = {};
      for (const [name, value] of Object.entries(options.headers ?? {}))
        if (value !== undefined) headers[name] = Array.isArray(value) ? value : String(value);
      if (typeof options.auth === 'string')
        headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
      if (address.as !== undefined) headers['Impersonate-User'] = address.as;
      if (address.asGroups !== undefined) headers['Impersonate-Group'] = address.asGroups;
      const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
      const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
      const proxied = cluster.proxyUrl !== undefined && options.agent instanceof Object;
      return {
        headers,
        tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
        connectionKey: keyOf(tls),
        ...(proxied ? { agent: options.agent as HttpAgent } : {}),
      };
    },
  };
}

/**
 * Only now, since it takes longer to load than most commands take in all. Not by `import()`: that
 * would need a file extension here, which jest does not resolve; bundlers make both lazy.
 */
function clientNode(): typeof import('./client-node') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily, see above
  return require('./client-node') as typeof import('./client-node');
}

function keyOf(tls: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256');
  for (const [name, value] of Object.entries(tls)) hash.update(`${name}\0${String(value)}\0`);
  return hash.digest('hex');
}

function invalid({ kubeconfig }: ClusterAddress, found: string): EngineError {
  return new EngineError('CONFIG_INVALID', {
    where: { file: kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config' },
    expected: 'a kubeconfig that kubectl can use',
    found,
  });
}
