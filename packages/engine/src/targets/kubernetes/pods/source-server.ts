/** The server that an order's bytes come from over the network: movers carry it as a label, by which a NetworkPolicy opens just that one. */
import type { MoverOrder } from '../../../mover/mover';
import { labelValue } from '../layout';

export interface ServerAddress {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const NFS_PORT = 2049;

/** @param options of a source as configured, or its address in an order. `undefined`: none, a volume of the cluster is mounted */
export function sourceServer(
  options: Readonly<Record<string, unknown>>,
): ServerAddress | undefined {
  const { url, pods } = options;
  if (typeof url === 'string' && URL.canParse(url)) {
    const { hostname, port, protocol } = new URL(url);
    const usual = protocol === 'http:' ? 80 : 443;
    return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? usual : Number(port) };
  }
  const nfs = (pods as { readonly nfs?: { readonly server: string } } | undefined)?.nfs;
  return nfs === undefined ? undefined : { host: nfs.server, port: NFS_PORT };
}

export function serverLabel({ host, port }: ServerAddress): string {
  return labelValue(`${host}_${port}`);
}

/** Label of an order's pod; `undefined`: it needs no network. */
export function sourceServerLabel(order: MoverOrder): string | undefined {
  if (order.order !== 'apply' && order.order !== 'hash-chain') return undefined;
  const server = sourceServer({ ...order.source });
  return server === undefined ? undefined : serverLabel(server);
}
