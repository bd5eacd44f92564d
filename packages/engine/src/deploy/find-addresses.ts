/** Addresses that a NetworkPolicy may name: it knows blocks, not names. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { EngineError } from '../errors';
import type { ClusterApi } from '../targets/kubernetes/cluster/cluster-api';
import type { KubeObject, ResourceKind } from '../targets/kubernetes/cluster/resources';
import type { Reach } from './worker-deployment';

/** `10.0.0.5` and `10.0.0.0/8` as blocks. @throws EngineError CONFIG_INVALID */
export function checkedBlock(said: string): string {
  const [address = '', bits] = said.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const isBlock = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  if (family !== 0 && isBlock) return `${address}/${bits ?? most}`;
  throw new EngineError('CONFIG_INVALID', {
    where: { object: said },
    expected: 'an IP address, or a block such as 10.0.0.0/8',
    found: 'something else',
  });
}

/** @throws EngineError CONFIG_INVALID when a name has no address here */
export async function addressesOf(
  source: string,
  host: string,
  said: readonly string[] | undefined,
): Promise<{ readonly isName: boolean; readonly blocks: readonly string[] }> {
  if (isIP(host) !== 0) return { isName: false, blocks: said ?? [checkedBlock(host)] };
  if (said !== undefined) return { isName: true, blocks: said };
  const found = await lookup(host, { all: true }).catch((cause: unknown) => {
    throw new EngineError('CONFIG_INVALID', {
      where: { object: `source ${source}` },
      expected: `an address of ${host}, for the NetworkPolicy of its movers`,
      found: 'none, as seen from this machine',
      hint: `Say --source-address ${source}=ADDRESS, as pods see it.`,
      cause,
    });
  });
  return { isName: true, blocks: found.map(({ address }) => checkedBlock(address)).sort() };
}

interface EndpointSlice extends KubeObject {
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[];
  readonly ports?: readonly { readonly port?: number }[];
}
interface Service extends KubeObject {
  readonly spec?: {
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly { readonly port?: number }[];
  };
}
const ENDPOINT_SLICE: ResourceKind<EndpointSlice> = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};
const SERVICE: ResourceKind<Service> = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};

/** Where it is not known: the usual ports, at every address. */
export const ANY_API_SERVER: Reach = { blocks: [], ports: [443, 6443] };

/**
 * Where pods find the API server: behind the Service `kubernetes` of the namespace `default`, whose
 * own address policies may see or not.
 * @param api of the namespace `default`
 */
export async function apiServerReach(api: ClusterApi): Promise<Reach> {
  const labels = { 'kubernetes.io/service-name': 'kubernetes' };
  const [{ items }, service] = await Promise.all([
    api.list(ENDPOINT_SLICE, { labels }),
    api.get(SERVICE, 'kubernetes'),
  ]);
  const addresses = items.flatMap(({ endpoints = [] }) =>
    endpoints.flatMap(endpoint => endpoint.addresses ?? []),
  );
  // Without endpoints the Service leads nowhere, and pods go another way that only their own setup knows.
  if (addresses.length === 0) return ANY_API_SERVER;
  const ports = [...items, service?.spec ?? {}].flatMap(({ ports: found = [] }) =>
    found.flatMap(({ port }) => (port === undefined ? [] : [port])),
  );
  const blocks = [...addresses, ...(service?.spec?.clusterIPs ?? [])].map(checkedBlock);
  return { blocks: [...new Set(blocks)].sort(), ports: [...new Set(ports)].sort((a, b) => a - b) };
}
