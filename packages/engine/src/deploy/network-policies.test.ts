/**
 * The policies, held against the connections that are needed and those that must not be, by a small
 * evaluator of its own that follows the API's description: a pod that a policy selects for a direction
 * has just what some policy opens.
 */
import { BlockList, isIP } from 'node:net';
import type { MoverOrder } from '../mover/mover';
import { podFor } from '../targets/kubernetes/pods/pod-spec';
import {
  moverPolicies,
  type PolicyPeer,
  type PolicyRule,
  type PolicySpec,
  workerPolicy,
} from './network-policies';
import { POSTGRES_LABELS, postgresObjects } from './postgres';
import { serverLabel, sourceServer } from '../targets/kubernetes/pods/source-server';
import {
  type DeployedSource,
  HTTP_PORT,
  WORKER_LABELS,
  type WorkerDeployment,
} from './worker-deployment';

/** A pod by its labels, or an address outside. */
type End = { readonly labels: Readonly<Record<string, string>> } | { readonly address: string };
interface Connection {
  readonly from: End;
  readonly to: End;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
}

function allows(policies: readonly PolicySpec[], { from, to, port, protocol = 'TCP' }: Connection) {
  const passes = (pod: End, peer: End, direction: 'Ingress' | 'Egress'): boolean => {
    if (!('labels' in pod)) return true;
    const about = policies.filter(
      policy => policy.policyTypes.includes(direction) && selects(policy.podSelector, pod),
    );
    if (about.length === 0) return true;
    return about.some(policy =>
      ((direction === 'Ingress' ? policy.ingress : policy.egress) ?? []).some(rule =>
        opens(rule, direction, peer, port, protocol),
      ),
    );
  };
  return passes(from, to, 'Egress') && passes(to, from, 'Ingress');
}

function opens(
  rule: PolicyRule,
  direction: 'Ingress' | 'Egress',
  peer: End,
  port: number,
  protocol: string,
): boolean {
  const peers = direction === 'Ingress' ? rule.from : rule.to;
  const isPeer = peers === undefined || peers.some(one => matches(one, peer));
  const isPort =
    rule.ports === undefined ||
    rule.ports.some(one => one.port === port && one.protocol === protocol);
  return isPeer && isPort;
}

function matches({ ipBlock, podSelector }: PolicyPeer, peer: End): boolean {
  if (podSelector !== undefined) return 'labels' in peer && selects(podSelector, peer);
  if (ipBlock === undefined || !('address' in peer)) return false;
  const [address = '', bits] = ipBlock.cidr.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family);
  return block.check(peer.address, isIP(peer.address) === 6 ? 'ipv6' : 'ipv4');
}

function selects(
  { matchLabels }: PolicySpec['podSelector'],
  { labels }: { readonly labels: Readonly<Record<string, string>> },
): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

const serverOf = (url: string, blocks: readonly string[]) => {
  const server = sourceServer({ url });
  if (server === undefined) throw new Error(url);
  return {
    label: serverLabel(server),
    isName: isIP(server.host) === 0,
    reach: { blocks, ports: [server.port] },
  };
};
const LAB = 'https://10.1.2.3:8443/vms/';
const FILES = 'https://files.test/vms/';
const SOURCES: readonly DeployedSource[] = [
  { name: 'lab', kind: 'vm-https', options: { url: LAB }, server: serverOf(LAB, ['10.1.2.3/32']) },
  {
    name: 'files',
    kind: 'vm-https',
    options: { url: FILES },
    server: serverOf(FILES, ['10.9.0.5/32', 'fd12::5/128']),
  },
  {
    name: 'store',
    kind: 'vm-directory',
    options: { folder: '/mnt', pods: { persistentVolumeClaim: 'store' } },
  },
];

/** A pod's labels as the engine makes them. */
function moverOf(source: object, order = 'apply'): End {
  const volume = { kind: 'block', path: '/dev/x', sizeBytes: 1, name: 'web-0' };
  const base = {
    order,
    runId: 'm/s/1',
    bytesPerSecond: 0,
    volume,
    source,
    mark: {},
  } as unknown as MoverOrder;
  const facts = { image: 'i', options: {}, labels: { 'vm-migrate.io/store': 's' }, secrets: ['a'] };
  return { labels: podFor(base, facts).metadata.labels ?? {} };
}

const specs = (objects: readonly { readonly object: { readonly spec?: object } }[]) =>
  objects.flatMap(({ object }) =>
    object.spec !== undefined && 'policyTypes' in object.spec ? [object.spec as PolicySpec] : [],
  );
const deployment = (more: Partial<WorkerDeployment>): WorkerDeployment =>
  ({
    sources: SOURCES,
    apiServer: { blocks: ['10.0.0.10/32', '10.96.0.1/32'], ports: [443, 6443] },
    ...more,
  }) as WorkerDeployment;
const postgres = { image: 'postgres', storage: '1Gi', clients: WORKER_LABELS };
const withPostgres = specs([
  workerPolicy(deployment({ postgres })),
  ...moverPolicies(SOURCES),
  ...postgresObjects(postgres),
]);
const withDatabase = specs([
  workerPolicy(deployment({ databaseReach: { blocks: ['10.7.0.0/16'], ports: [6432] } })),
  ...moverPolicies(SOURCES),
]);

const worker: End = { labels: WORKER_LABELS };
const database: End = { labels: POSTGRES_LABELS };
const stranger: End = { labels: { app: 'something' } };
const at = (address: string): End => ({ address });
const labMover = moverOf({ kind: 'vm-https', url: LAB, folder: `${LAB}web` });
const filesMover = moverOf({ kind: 'vm-https', url: FILES, folder: `${FILES}web` });
const storeMover = moverOf({
  kind: 'vm-directory',
  folder: '/mnt/web',
  roots: ['/mnt'],
  pods: { persistentVolumeClaim: 'store' },
});
const hashMover = moverOf({}, 'hash-volume');
const movers = { labMover, filesMover, storeMover, hashMover };

describe('network policies', () => {
  it.each<[string, Connection]>([
    ['names', { from: worker, to: at('10.96.0.10'), port: 53, protocol: 'UDP' }],
    ['long answers', { from: worker, to: at('10.96.0.10'), port: 53 }],
    ['the API server', { from: worker, to: at('10.0.0.10'), port: 6443 }],
    ['the API server by its Service', { from: worker, to: at('10.96.0.1'), port: 443 }],
    ['the database', { from: worker, to: database, port: 5432 }],
    ['a source by address', { from: worker, to: at('10.1.2.3'), port: 8443 }],
    ['a source by name', { from: worker, to: at('10.9.0.5'), port: 443 }],
    ['probes and metrics', { from: stranger, to: worker, port: HTTP_PORT }],
    ['a mover to its server', { from: labMover, to: at('10.1.2.3'), port: 8443 }],
    ['a mover to a named one', { from: filesMover, to: at('fd12::5'), port: 443 }],
    [
      'which asks for the name',
      { from: filesMover, to: at('10.96.0.10'), port: 53, protocol: 'UDP' },
    ],
  ])('open: %s', (_, connection) => {
    expect(allows(withPostgres, connection)).toBe(true);
  });

  it.each<[string, Connection]>([
    ['workers to anything else', { from: worker, to: at('10.1.2.4'), port: 8443 }],
    ['workers to another port of a source', { from: worker, to: at('10.1.2.3'), port: 22 }],
    ['workers to metadata of a cloud', { from: worker, to: at('169.254.169.254'), port: 80 }],
    ['others to the database', { from: stranger, to: database, port: 5432 }],
    ['movers to the database', { from: labMover, to: database, port: 5432 }],
    ['the database to anywhere', { from: database, to: at('10.1.2.3'), port: 443 }],
    ['others to another port of workers', { from: stranger, to: worker, port: 9229 }],
    ['a mover to the server of another', { from: labMover, to: at('10.9.0.5'), port: 443 }],
    [
      'a mover of an address to names',
      { from: labMover, to: at('10.96.0.10'), port: 53, protocol: 'UDP' },
    ],
    ['a mover to the API server', { from: filesMover, to: at('10.0.0.10'), port: 6443 }],
    [
      'a mover of a mounted folder to a server',
      { from: storeMover, to: at('10.1.2.3'), port: 8443 },
    ],
    ['one that only reads a volume', { from: hashMover, to: at('10.1.2.3'), port: 8443 }],
  ])('shut: %s', (_, connection) => {
    expect(allows(withPostgres, connection)).toBe(false);
  });

  it.each(Object.entries(movers))('nobody reaches a mover: %s', (_, mover) => {
    for (const from of [worker, stranger, at('10.1.2.3')])
      expect(allows(withPostgres, { from, to: mover, port: 443 })).toBe(false);
  });

  it('a database elsewhere is reached where it was said to be', () => {
    const port = 6432;
    expect(allows(withDatabase, { from: worker, to: at('10.7.3.4'), port })).toBe(true);
    expect(allows(withDatabase, { from: worker, to: at('10.8.3.4'), port })).toBe(false);
    expect(allows(withDatabase, { from: worker, to: at('10.7.3.4'), port: 5432 })).toBe(false);
  });

  it('several sources on one server open all of its addresses', () => {
    const twice = [...SOURCES, { ...SOURCES[1], server: serverOf(FILES, ['10.9.0.6/32']) }];
    const policies = specs(moverPolicies(twice as DeployedSource[]));
    for (const address of ['10.9.0.5', '10.9.0.6'])
      expect(allows(policies, { from: filesMover, to: at(address), port: 443 })).toBe(true);
    expect(policies).toHaveLength(3);
  });
});
