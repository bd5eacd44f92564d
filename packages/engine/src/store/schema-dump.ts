/** The schema as text, from the catalog: for the test that notices every change of it. */
import type { Tx } from './database';

/** One line for each column, constraint, index, view, function and trigger of `vm_migrate`, sorted. */
export async function dumpSchema(tx: Tx): Promise<string> {
  const parts: { line: string }[][] = [];
  // One after the other: it may be one connection.
  for (const sql of QUERIES) parts.push(await tx.query<{ line: string }>(sql));
  const lines = parts.flat().map(({ line }) => line);
  return `${lines.join('\n')}\n`;
}

const OURS = `'vm_migrate'::regnamespace`;
const RELATION = `c.relnamespace = ${OURS}`;

const QUERIES = [
  `select format('table %s', c.relname) || coalesce(' ' || array_to_string(c.reloptions, ', '), '') as line
   from pg_class c where ${RELATION} and c.relkind in ('r', 'p') order by 1`,
  `select format('column %s.%s %s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                 case when a.attnotnull then 'not null' else 'null' end,
                 coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
                   || case when a.attidentity = '' then '' else ' identity ' || a.attidentity::text end) as line
   from pg_attribute a join pg_class c on c.oid = a.attrelid
   left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where ${RELATION} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
   order by c.relname, a.attnum`,
  // 'n' is NOT NULL, in the catalog since PostgreSQL 18; the columns say it already.
  `select format('constraint %s.%s %s', c.relname, k.conname, pg_get_constraintdef(k.oid)) as line
   from pg_constraint k join pg_class c on c.oid = k.conrelid where ${RELATION} and k.contype <> 'n' order by 1`,
  `select pg_get_indexdef(i.indexrelid) as line
   from pg_index i join pg_class c on c.oid = i.indexrelid where ${RELATION} order by 1`,
  `select format('view %s %s', c.relname, pg_get_viewdef(c.oid)) as line
   from pg_class c where ${RELATION} and c.relkind in ('v', 'm') order by 1`,
  `select pg_get_functiondef(p.oid) as line from pg_proc p where p.pronamespace = ${OURS} order by p.proname`,
  `select pg_get_triggerdef(t.oid) as line
   from pg_trigger t join pg_class c on c.oid = t.tgrelid where ${RELATION} and not t.tgisinternal order by 1`,
];
