/** The cluster's storage classes as they were read a moment ago: every step asks for one. */
import { EngineError } from '../../errors';
import { type KubernetesClass, readClasses } from './classes';
import type { ClusterApi } from './cluster/cluster-api';
import { STORAGE_CLASS } from './cluster/resources';
import type { KubernetesOptions } from './options';

/** How long they are believed to be as they were read. */
const BELIEVED_MS = 30_000;

export class KnownClasses {
  private known: { readonly read: Promise<readonly KubernetesClass[]>; until: number } | undefined;

  constructor(
    private readonly api: ClusterApi,
    private readonly target: string,
    private readonly options: KubernetesOptions,
  ) {}

  /** @throws EngineError CLASS_NOT_FOUND */
  async named(name: string): Promise<KubernetesClass> {
    const known = (await this.all('as known')).find(one => one.name === name);
    const found = known ?? (await this.all('anew')).find(one => one.name === name);
    if (found !== undefined) return found;
    const all = await this.all('as known');
    throw new EngineError('CLASS_NOT_FOUND', {
      where: { object: this.target },
      expected: all.map(one => one.name).join(', '),
      found: name,
    });
  }

  /** Also of a class that volumes of disks may not have. One that is not there waits for its first pod like any other. */
  async bindsAtFirstUse(name: string): Promise<boolean> {
    const known = (await this.all('as known')).find(one => one.name === name);
    if (known !== undefined) return known.bindsAtFirstUse;
    const { items } = await this.api.list(STORAGE_CLASS);
    const found = items.find(({ metadata }) => metadata.name === name);
    return found === undefined || found.volumeBindingMode === 'WaitForFirstConsumer';
  }

  all(how: 'anew' | 'as known'): Promise<readonly KubernetesClass[]> {
    const now = performance.now();
    // `anew` is asked for by several steps a second: a second's age is new enough.
    const believed = how === 'anew' ? BELIEVED_MS - 1_000 : 0;
    if (this.known !== undefined && this.known.until - believed > now) return this.known.read;
    const read = readClasses(this.api, this.options);
    this.known = { read, until: now + BELIEVED_MS };
    read.catch(() => (this.known = undefined));
    return read;
  }
}
