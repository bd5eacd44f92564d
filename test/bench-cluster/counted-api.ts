/** A ClusterApi that counts what is asked of it, by verb and kind. */
import type { ClusterApi } from '../../packages/engine/src/targets/kubernetes/cluster/cluster-api';

export type RequestCounts = Record<string, number>;

const VERBS = new Set([
  'get',
  'list',
  'create',
  'applyNew',
  'applyAnnotations',
  'patch',
  'delete',
  'watch',
]);

export function countedApi(api: ClusterApi, counts: RequestCounts): ClusterApi {
  const count = (words: string) => (counts[words] = (counts[words] ?? 0) + 1);
  return new Proxy(api, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const [first] = args as [{ readonly kind?: string } | undefined];
        if (VERBS.has(String(property))) count(`${String(property)} ${first?.kind ?? '?'}`);
        else if (property === 'podLog') count('log Pod');
        else if (property === 'eventsOf') count('list Event');
        return Reflect.apply(member as (...all: unknown[]) => unknown, target, args);
      };
    },
  });
}

export function perLayer(counts: RequestCounts, layers: number): RequestCounts {
  return Object.fromEntries(
    Object.entries(counts)
      .sort(([, one], [, other]) => other - one)
      .map(([words, number]) => [words, Math.round((number / layers) * 100) / 100]),
  );
}
