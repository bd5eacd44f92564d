/**
 * To which addresses a source may connect. A name is resolved here, every answer is checked, and the
 * connection is made to a checked address: a name that answers otherwise the next time gains nothing.
 *
 * Private networks are where datastores are, so they are allowed. This machine, the link, and the
 * addresses at which clouds and clusters answer questions about themselves are not.
 */
import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { EngineError } from '../../errors';

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface AddressRules {
  readonly allowAddresses: readonly string[];
  readonly denyAddresses: readonly string[];
}

/** IANA special-purpose registries (RFC 6890); metadata services of clouds that lie outside of them. */
const DENIED = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '::/128',
  '::1/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
] as const;

/** IPv6 forms that carry an IPv4 address: mapped, compatible, NAT64, 6to4. */
const EMBEDDED = blocks(['::ffff:0:0/96', '::/96', '64:ff9b::/96', '2002::/16']);

export class AddressWall {
  private readonly allowed: BlockList;
  private readonly denied: BlockList;

  /** @throws EngineError CONFIG_INVALID for a rule that is neither an address nor a block */
  constructor(
    private readonly rules: AddressRules,
    private readonly resolve: Resolve = resolveAll,
  ) {
    this.allowed = blocks(rules.allowAddresses);
    // In a pod: the API server.
    const cluster = process.env['KUBERNETES_SERVICE_HOST'] ?? '';
    this.denied = blocks([
      ...DENIED,
      ...rules.denyAddresses,
      ...(isIP(cluster) === 0 ? [] : [cluster]),
    ]);
  }

  permits(address: string): boolean {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) return false;
    if (this.allowed.check(address, family)) return true;
    if (this.denied.check(address, family)) return false;
    if (family === 'ipv4' || !EMBEDDED.check(address, 'ipv6')) return true;
    const inner = embeddedIpv4(address);
    return inner !== undefined && this.permits(inner);
  }

  /** Node asks no lookup for a host that is an address already. @throws EngineError SOURCE_REFUSED */
  assertHost(hostname: string): void {
    const bare = hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(bare) !== 0 && !this.permits(bare)) throw refused(bare, [bare]);
  }

  /** For an agent: answers with checked addresses only. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.checked(host, Number(options.family) || 0).then(
      addresses => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else if (first !== undefined) callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
    );
  };

  private async checked(host: string, family: number): Promise<readonly LookupAddress[]> {
    const answers = await this.resolve(host);
    const permitted = answers.filter(
      answer => this.permits(answer.address) && (family === 0 || answer.family === family),
    );
    if (permitted.length > 0) return permitted;
    throw refused(
      host,
      answers.map(({ address }) => address),
    );
  }
}

function refused(host: string, addresses: readonly string[]): EngineError {
  return new EngineError('SOURCE_REFUSED', {
    where: { object: host },
    expected: 'an address outside of this machine, its link and the cluster',
    found: addresses.join(', ') || 'no address',
    hint: 'If this server is meant, list its address under `allowAddresses` of the source.',
  });
}

function resolveAll(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) =>
      error === null ? resolve(addresses) : reject(error),
    );
  });
}

function blocks(rules: readonly string[]): BlockList {
  const list = new BlockList();
  for (const rule of rules) {
    const block = parseBlock(rule);
    if (block === undefined)
      throw new EngineError('CONFIG_INVALID', {
        where: { object: 'addresses of a source of kind vm-https' },
        expected: 'an IP address, or a block such as 10.0.0.0/8',
        found: `"${rule}"`,
      });
    list.addSubnet(block.address, block.prefix, block.family);
  }
  return list;
}

interface Block {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parseBlock(rule: string): Block | undefined {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(rule) ?? [];
  const version = isIP(address);
  const bits = version === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (version === 0 || length > bits) return undefined;
  return { address, prefix: length, family: version === 6 ? 'ipv6' : 'ipv4' };
}

/** Whether a rule is an address or a block. */
export function isAddressRule(rule: string): boolean {
  return parseBlock(rule) !== undefined;
}

/** The last four bytes, of 6to4 the two groups behind the prefix. */
function embeddedIpv4(address: string): string | undefined {
  const groups = ipv6Groups(address);
  if (groups === undefined) return undefined;
  const [high = 0, low = 0] = groups[0] === 0x2002 ? groups.slice(1, 3) : groups.slice(6, 8);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The URL parser writes every form of an IPv6 address in the same way: hexadecimal groups. */
function ipv6Groups(address: string): readonly number[] | undefined {
  const url = `http://[${address.replace(/%.*$/, '')}]/`;
  if (!URL.canParse(url)) return undefined;
  const [head = '', tail] = new URL(url).hostname.slice(1, -1).split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail ?? '')];
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}
