/** What a limit is on, as it is written (`all`, `vm`, `source:NAME`, `class:NAME`) and as people say it. */
import type { useWords } from '../../parts/use-words';

type Words = ReturnType<typeof useWords>['t'];

export function scopeWords(scope: string, t: Words): string {
  if (scope === 'all') return t('operations.scope.all');
  if (scope === 'vm') return t('operations.scope.vm');
  const [, kind, name] = /^(source|class):(.+)$/s.exec(scope) ?? [];
  if (name === undefined) return scope;
  return kind === 'source'
    ? t('operations.scope.source', { name })
    : t('operations.scope.class', { name });
}

/** Every scope that can be limited and is not yet. */
export function freeScopes(
  places: { readonly sources: readonly string[]; readonly classes: readonly string[] },
  taken: readonly string[],
): readonly string[] {
  const all = [
    'all',
    'vm',
    ...places.sources.map(name => `source:${name}`),
    ...new Set(places.classes.map(name => `class:${name}`)),
  ];
  return all.filter(scope => !taken.includes(scope));
}
