/**
 * How this process comes to a source or target. A row says what a place is, for everybody who shares
 * the database, and the way of the machine that named it (`host`). Whoever else works on it takes a
 * way of his own, from his own configuration:
 *
 *  - a Kubernetes target is the same place where cluster id and namespace are equal, whatever
 *    kubeconfig, context or pod's account leads there;
 *  - a folder that pods reach (`pods`) is the same where name and options are equal: it is mounted
 *    there at the same path. Any other folder is of one machine.
 *
 * Ways are never written into rows by whoever is not at home there, and no row holds a secret.
 * docs/adr/0008-places-and-ways.md has the reasons.
 */
import { hostname } from 'node:os';
import { canonicalJson } from './canonical-json';
import { EngineError } from './errors';
import type { PlaceRow } from './store/store';
import type { Target } from './targets/target';

type NamedPlace = Pick<PlaceRow, 'name' | 'kind' | 'options'>;

export interface OwnPlaces {
  readonly sources: readonly NamedPlace[];
  readonly targets: readonly NamedPlace[];
}

/** Options of a Kubernetes target that say how it is reached, and by which movers: each process has its own. */
export const WAY_OPTIONS = [
  'kubeconfig',
  'context',
  'as',
  'asGroups',
  'requestsPerSecond',
  'requestBurst',
  'requestTimeoutMs',
] as const;
/** Also of the process, where it says one: it belongs to the version of the worker. */
const MOVER_IMAGE = 'moverImage';

export class OwnWays {
  private readonly whereIs = new Map<string, ClusterPlace>();

  /** @param open opens a target by a row whose way is this process's own; touches nothing yet */
  constructor(
    private readonly own: OwnPlaces,
    private readonly open: (place: PlaceRow) => Promise<Target>,
  ) {}

  /** @throws EngineError STATE_REFUSED when only another machine reaches it */
  source(row: PlaceRow): PlaceRow {
    if (isAtHome(row)) return row;
    const { name, kind, options } = row;
    const same = this.own.sources.some(
      mine =>
        mine.name === name &&
        mine.kind === kind &&
        options['pods'] !== undefined &&
        canonicalJson(mine.options) === canonicalJson(options),
    );
    if (same) return row;
    throw elsewhere('source', row);
  }

  /** @throws EngineError STATE_REFUSED when only another machine reaches it */
  async target(row: PlaceRow): Promise<PlaceRow> {
    const known = row.kind === 'kubernetes' && row.options['clusterId'] !== undefined;
    const mine = this.own.targets.filter(({ kind }) => kind === 'kubernetes');
    if (known && !(isAtHome(row) && mine.some(way => isSameWay(way, row)))) {
      const byName = [...mine].sort(
        (a, b) => Number(b.name === row.name) - Number(a.name === row.name),
      );
      for (const way of byName)
        if (await this.leadsTo(way, row))
          return { ...row, host: null, options: { ...otherOptions(row.options), ...wayOf(way) } };
    }
    if (isAtHome(row)) return row;
    throw elsewhere('target', row);
  }

  private async leadsTo(way: NamedPlace, { options }: PlaceRow): Promise<boolean> {
    const { clusterId, namespace } = way.options;
    if (clusterId !== undefined && clusterId !== options['clusterId']) return false;
    if (namespace !== undefined && namespace !== options['namespace']) return false;
    const at = await this.placeOf(way).catch(() => undefined);
    return at?.clusterId === options['clusterId'] && at?.namespace === options['namespace'];
  }

  /** Asked of the cluster itself; an answer stays true, a failure is asked again. */
  private async placeOf(way: NamedPlace): Promise<ClusterPlace | undefined> {
    const known = this.whereIs.get(way.name);
    if (known !== undefined) return known;
    const target = await this.open({ ...way, credentialRef: null, host: null });
    if (!('place' in target) || typeof target.place !== 'function') return undefined;
    const at = await (target as Target & { place(): Promise<ClusterPlace> }).place();
    this.whereIs.set(way.name, at);
    return at;
  }
}

interface ClusterPlace {
  readonly clusterId: string | undefined;
  readonly namespace: string;
}

/** Whether the row's own way can be taken here. */
function isAtHome({ host }: PlaceRow): boolean {
  return host === null || host === hostname();
}

function isSameWay(way: NamedPlace, row: PlaceRow): boolean {
  return WAY_OPTIONS.every(
    key => canonicalJson(way.options[key] ?? null) === canonicalJson(row.options[key] ?? null),
  );
}

/** What is true of the place whoever comes to it: classes, pods, deadlines ... */
export function otherOptions(options: PlaceRow['options']): PlaceRow['options'] {
  const ways: readonly string[] = WAY_OPTIONS;
  return Object.fromEntries(Object.entries(options).filter(([key]) => !ways.includes(key)));
}

function wayOf({ options }: NamedPlace): PlaceRow['options'] {
  const keys: readonly string[] = [...WAY_OPTIONS, MOVER_IMAGE];
  return Object.fromEntries(Object.entries(options).filter(([key]) => keys.includes(key)));
}

function elsewhere(what: 'source' | 'target', { name, host }: PlaceRow): EngineError {
  return new EngineError('STATE_REFUSED', {
    where: { object: `${what} ${name}` },
    expected: 'this machine, or a configuration of this process that leads there',
    found: `a place that machine ${host ?? '?'} reaches`,
    retry: 'later',
  });
}
