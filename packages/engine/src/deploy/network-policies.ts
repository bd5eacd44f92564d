/**
 * Who may talk to whom: workers to DNS, API server, database and sources; movers to the server that
 * their order reads from, and to nothing else; nobody to a mover. Probes of the kubelet and
 * port-forward come from the node, which policies do not shut out.
 */
import { LABEL } from '../targets/kubernetes/layout';
import { MOVER_LABELS } from '../targets/kubernetes/pods/pod-spec';
import { POSTGRES_LABELS, POSTGRES_PORT } from './postgres';
import {
  type DeployedObject,
  type DeployedSource,
  HTTP_PORT,
  type Reach,
  type SourceServer,
  WORKER_LABELS,
  WORKER_NAME,
  type WorkerDeployment,
} from './worker-deployment';

export interface PolicyPeer {
  readonly ipBlock?: { readonly cidr: string };
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}

/** One rule; absent `to` and `from`: everybody. */
export interface PolicyRule {
  readonly to?: readonly PolicyPeer[];
  readonly from?: readonly PolicyPeer[];
  readonly ports?: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number | string }[];
}

export interface PolicySpec {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}

export const MOVERS_POLICY = 'vm-migrate-movers';

export function workerPolicy(deployment: WorkerDeployment): DeployedObject {
  const { apiServer, databaseReach, postgres, sources } = deployment;
  const servers = sources.flatMap(({ server }) => (server === undefined ? [] : [server]));
  return policy(WORKER_NAME, 'what workers reach, and who reaches them', {
    podSelector: { matchLabels: WORKER_LABELS },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [{ protocol: 'TCP', port: HTTP_PORT }] }],
    egress: [
      DNS,
      ruleTo(apiServer),
      ...(postgres === undefined
        ? []
        : [
            {
              to: [{ podSelector: { matchLabels: POSTGRES_LABELS } }],
              ports: [{ protocol: 'TCP' as const, port: POSTGRES_PORT }],
            },
          ]),
      ...(databaseReach === undefined ? [] : [ruleTo(databaseReach)]),
      ...distinct(servers).map(({ reach }) => ruleTo(reach)),
    ],
  });
}

/** Policies add up: the first one takes everything away, each other one opens one server to its movers. */
export function moverPolicies(sources: readonly DeployedSource[]): readonly DeployedObject[] {
  const servers = sources.flatMap(({ server }) => (server === undefined ? [] : [server]));
  return [
    policy(MOVERS_POLICY, 'movers: nobody reaches them, they reach nobody', {
      podSelector: { matchLabels: MOVER_LABELS },
      policyTypes: ['Ingress', 'Egress'],
    }),
    ...distinct(servers).map(({ label, isName, reach }) =>
      policy(
        `${MOVERS_POLICY}-${dnsLabel(label)}`,
        `but movers that read from ${label} reach that server`,
        {
          podSelector: { matchLabels: { ...MOVER_LABELS, [LABEL.sourceServer]: label } },
          policyTypes: ['Egress'],
          egress: [...(isName ? [DNS] : []), ruleTo(reach)],
        },
      ),
    ),
  ];
}

/** Where names are asked for differs from cluster to cluster: pods of kube-system, or an address of the node. */
const DNS: PolicyRule = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

function ruleTo({ blocks, ports }: Reach): PolicyRule {
  return {
    ...(blocks.length === 0 ? {} : { to: blocks.map(cidr => ({ ipBlock: { cidr } })) }),
    ports: ports.map(port => ({ protocol: 'TCP', port })),
  };
}

/** Several sources on one server are one: their blocks are put together. */
function distinct(servers: readonly SourceServer[]): readonly SourceServer[] {
  const byLabel = new Map<string, SourceServer>();
  for (const server of servers) {
    const known = byLabel.get(server.label);
    const blocks = [...new Set([...(known?.reach.blocks ?? []), ...server.reach.blocks])];
    byLabel.set(server.label, { ...server, reach: { ...server.reach, blocks } });
  }
  return [...byLabel.values()];
}

function dnsLabel(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function policy(name: string, why: string, spec: PolicySpec): DeployedObject {
  return {
    why,
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, labels: WORKER_LABELS },
      spec,
    },
  };
}
