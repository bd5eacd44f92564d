/**
 * Which migrations somebody may see or steer, as data, and the SQL that finds exactly those. A scope
 * is evaluated by the database over the migration's own row, so that a list is never read whole and
 * then thinned out, and a count counts what may be seen.
 */

/** `all` and `none`, what a row must have, and combinations of these. A row that lacks the value does not fit. */
export type MigrationScope =
  | 'all'
  | 'none'
  /** The owner of the VM's entity is one of these entity refs. */
  | { readonly owners: readonly string[] }
  /** The VM comes from one of these configured sources. */
  | { readonly sources: readonly string[] }
  /** The volumes are in one of these namespaces. */
  | { readonly targetNamespaces: readonly string[] }
  | { readonly allOf: readonly MigrationScope[] }
  | { readonly anyOf: readonly MigrationScope[] }
  | { readonly not: MigrationScope };

/** The fields of a migration's row that a scope looks at. */
export interface ScopedRow {
  readonly ownerRef: string | null;
  readonly sourceName: string;
  readonly targetNamespace: string | null;
}

/**
 * A boolean expression over the row `alias` of vm_migrate.migration, never null; its values are
 * appended to `params`.
 */
export function scopeSql(scope: MigrationScope, alias: string, params: unknown[]): string {
  if (scope === 'all') return 'true';
  if (scope === 'none') return 'false';
  if ('allOf' in scope) return joined(scope.allOf, 'and', 'true', alias, params);
  if ('anyOf' in scope) return joined(scope.anyOf, 'or', 'false', alias, params);
  if ('not' in scope) return `not ${scopeSql(scope.not, alias, params)}`;
  if ('owners' in scope) return oneOf(`${alias}.owner_ref`, scope.owners, params);
  if ('sources' in scope) return oneOf(`${alias}.source_name`, scope.sources, params);
  return oneOf(`${alias}.target_namespace`, scope.targetNamespaces, params);
}

/** The same question for one row at hand. */
export function inScope(scope: MigrationScope, row: ScopedRow): boolean {
  if (scope === 'all') return true;
  if (scope === 'none') return false;
  if ('allOf' in scope) return scope.allOf.every(part => inScope(part, row));
  if ('anyOf' in scope) return scope.anyOf.some(part => inScope(part, row));
  if ('not' in scope) return !inScope(scope.not, row);
  if ('owners' in scope) return row.ownerRef !== null && scope.owners.includes(row.ownerRef);
  if ('sources' in scope) return scope.sources.includes(row.sourceName);
  return row.targetNamespace !== null && scope.targetNamespaces.includes(row.targetNamespace);
}

function joined(
  parts: readonly MigrationScope[],
  word: 'and' | 'or',
  ofNone: string,
  alias: string,
  params: unknown[],
): string {
  if (parts.length === 0) return ofNone;
  return `(${parts.map(part => scopeSql(part, alias, params)).join(` ${word} `)})`;
}

function oneOf(column: string, values: readonly string[], params: unknown[]): string {
  params.push(values);
  return `coalesce(${column} = any ($${params.length}::text[]), false)`;
}
