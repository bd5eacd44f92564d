/**
 * The names that a shell may offer while a person types: read from a database that runs already,
 * within a moment, changing nothing. No operation of the api: whatever does not arrive in time is
 * not offered, and nothing here is an error to anybody.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { vmDirectorySource } from '../sources/vm-directory/vm-directory-source';
import { typeParsers } from '../store/connection';
import type { PlaceRow } from '../store/store';

export interface OfferedNames {
  readonly sources: readonly string[];
  readonly targets: readonly { readonly name: string; readonly classes: readonly string[] }[];
  /** Newest first, the newest few hundred. */
  readonly migrations: readonly OfferedMigration[];
  /** Those of folders on this machine as far as they were read in time; those of migrations always. */
  readonly vms: readonly OfferedVm[];
  /** Of the newest migration of the VM that was asked for: those that a person may accept. */
  readonly findings: readonly { readonly id: string; readonly object: string }[];
}

export interface OfferedMigration {
  readonly id: string;
  readonly group: string | null;
  readonly source: string;
  readonly vmId: string;
  readonly vm: string;
  readonly state: string;
}

export interface OfferedVm {
  readonly source: string;
  readonly id: string;
  readonly name: string;
}

export interface NameQuestion {
  readonly databaseUrl: string;
  /** When to answer with what there is, by performance.now(). */
  readonly until: number;
  /** Whether VMs that have no migration are wanted: their folders are read for it. */
  readonly vms: 'all' | 'migrated';
  /** VMs or migrations as a person names them, whose findings are wanted. */
  readonly findingsOf?: readonly string[];
}

const MOST_MIGRATIONS = 300;

/** Never later than `until`, as far as nothing blocks this process. @throws whatever kept the database from answering */
export async function offeredNames(question: NameQuestion): Promise<OfferedNames> {
  const found = new Found();
  const done = fill(found, question);
  // Whatever fails after the answer was given concerns nobody.
  done.catch(() => undefined);
  await Promise.race([done, sleep(left(question), undefined, { ref: false })]);
  return found;
}

class Found implements OfferedNames {
  sources: string[] = [];
  targets: { name: string; classes: string[] }[] = [];
  migrations: OfferedMigration[] = [];
  vms: OfferedVm[] = [];
  findings: { id: string; object: string }[] = [];

  addVms(vms: readonly OfferedVm[]): void {
    for (const { source, id, name } of vms) {
      const known = this.vms.some(vm => vm.source === source && vm.id === id);
      if (!known) this.vms.push({ source, id, name });
    }
  }
}

async function fill(found: Found, question: NameQuestion): Promise<void> {
  const client = new Client({
    connectionString: question.databaseUrl,
    application_name: 'vm-migrate completion',
    connectionTimeoutMillis: Math.max(1, Math.ceil(left(question))),
    types: typeParsers,
  });
  client.on('error', () => undefined);
  let places: readonly PlaceRow[];
  try {
    await client.connect();
    places = await readNames(client, found, question);
  } finally {
    void client.end().catch(() => undefined);
  }
  if (question.vms === 'all')
    await Promise.all(places.map(async place => found.addVms(await vmsOf(place))));
}

/** Fills in what the database knows; the sources. */
async function readNames(
  client: Client,
  found: Found,
  { findingsOf = [] }: NameQuestion,
): Promise<readonly PlaceRow[]> {
  const rows = async <Row>(sql: string, ...params: readonly unknown[]): Promise<Row[]> =>
    (await client.query(sql, [...params])).rows as Row[];
  found.migrations = await rows<OfferedMigration>(
    `select id, group_id as "group", source_name as source, vm_id as "vmId", vm_name as vm, state
       from vm_migrate.migration order by created_at desc limit ${MOST_MIGRATIONS}`,
  );
  found.addVms(found.migrations.map(({ source, vmId, vm }) => ({ source, id: vmId, name: vm })));
  if (findingsOf.length > 0) {
    found.findings = await rows<{ id: string; object: string }>(
      `select f->>'id' as id, f->>'object' as object
         from (select plan->'findings' as all_findings from vm_migrate.migration
                where id = any($1) or vm_name = any($1) or vm_id = any($1)
                   or source_name || '/' || vm_name = any($1) or source_name || '/' || vm_id = any($1)
                order by created_at desc limit 1) newest,
              jsonb_array_elements(newest.all_findings) f
        where f->>'severity' = 'blocks' and f->'acceptable' = 'true'`,
      findingsOf,
    );
  }
  const targets = await rows<PlaceRow>('select name, options from vm_migrate.target order by name');
  found.targets = targets.map(({ name, options }) => ({
    name,
    classes: Object.keys(options['classes'] ?? {}).sort(),
  }));
  const sources = await rows<PlaceRow>(
    'select name, kind, options, host from vm_migrate.source order by name',
  );
  found.sources = sources.map(({ name }) => name);
  return sources;
}

/** Only a folder of this machine is worth the wait. */
async function vmsOf({ name, kind, options, host }: PlaceRow): Promise<readonly OfferedVm[]> {
  const { folder } = options;
  if (kind !== 'vm-directory' || host !== hostname() || typeof folder !== 'string') return [];
  const vms = await vmDirectorySource({ name, folder })
    .listVms()
    .catch(() => []);
  return vms.map(vm => ({ source: name, id: vm.id, name: vm.name }));
}

function left({ until }: NameQuestion): number {
  return Math.max(0, until - performance.now());
}
