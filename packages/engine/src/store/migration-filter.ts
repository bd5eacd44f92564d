/** Which migrations a list, a count or a page is about, as data and as SQL. */
import { scopeSql, type MigrationScope } from './migration-scope';
import type { MigrationState } from './store';

/** What is absent narrows nothing; what is given must all hold. */
export interface MigrationFilter {
  readonly id?: string;
  readonly ids?: readonly string[];
  /** A VM's id or name. */
  readonly vm?: string;
  /** Part of a VM's name, in any case. */
  readonly vmPart?: string;
  readonly groupId?: string;
  readonly source?: string;
  readonly target?: string;
  readonly owner?: string;
  readonly states?: readonly MigrationState[];
  /** Words, each of which is part of some field that a person reads, in any case. */
  readonly text?: string;
  /** Only those in it; `all` when absent. */
  readonly scope?: MigrationScope;
}

/** Fields that `text` looks into: columns of vm_migrate.migration. */
const READ_FIELDS = [
  'id',
  'group_id',
  'vm_name',
  'vm_id',
  'source_name',
  'target_name',
  'entity_ref',
  'owner_ref',
  'started_by',
];

/** A boolean expression over the row `alias` of vm_migrate.migration; its values are appended to `params`. */
export function filterSql(filter: MigrationFilter, alias: string, params: unknown[]): string {
  const conditions: string[] = [];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === undefined) return;
    params.push(value);
    conditions.push(condition(`$${params.length}`));
  };
  // No LIKE: what a person types is text, and % and _ are letters in it.
  const holds = (text: string, part: string): string =>
    `position(lower(${part}::text) in lower(${text})) > 0`;

  add(filter.id, id => `${alias}.id = ${id}`);
  add(filter.ids, ids => `${alias}.id = any (${ids}::text[])`);
  add(filter.vm, vm => `(${alias}.vm_id = ${vm} or ${alias}.vm_name = ${vm})`);
  add(filter.vmPart, part => holds(`${alias}.vm_name`, part));
  add(filter.groupId, group => `${alias}.group_id = ${group}`);
  add(filter.source, source => `${alias}.source_name = ${source}`);
  add(filter.target, target => `${alias}.target_name = ${target}`);
  add(filter.owner, owner => `${alias}.owner_ref = ${owner}`);
  add(filter.states, states => `${alias}.state = any (${states}::text[])`);
  const fields = READ_FIELDS.map(field => `${alias}.${field}`).join(', ');
  for (const word of (filter.text ?? '').split(/\s+/).filter(one => one !== ''))
    add(word, part => holds(`concat_ws(chr(10), ${fields})`, part));
  conditions.push(scopeSql(filter.scope ?? 'all', alias, params));
  return conditions.join(' and ');
}
