/**
 * What a page waits for: queries of a real backend over HTTP on a database of 500 VMs with 40 layers
 * each, half of them migrated, on an embedded PostgreSQL with fsync on. The VMs are there as files,
 * since a tree that is named by the VM's name is looked for at the source.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ApiClient } from '@vm-migrate/api';
import { openEngine, type Engine } from '../../packages/engine/src/engine';
import { startEmbeddedServer } from '../../packages/engine/src/store/embedded-server';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes';
import { VmBuilder } from '../../packages/engine/src/testing/vm-builder';
import { BackendProcess } from '../kill/backend-process';
import { median } from './measure';

export interface QueryTimes {
  readonly query: string;
  /** Of each round, from the request to the parsed answer. */
  readonly ms: readonly number[];
  readonly answerBytes: number;
}

export async function measureQueries({ vms = 500, layers = 40, rounds = 9 } = {}): Promise<
  readonly QueryTimes[]
> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vm-migrate-queries-'));
  const server = await startEmbeddedServer(path.join(folder, 'state'));
  let backend: BackendProcess | undefined;
  try {
    const section = {
      database: { url: server.url },
      stateFolder: path.join(folder, 'state'),
      sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
      targets: {
        here: {
          kind: 'local-directory',
          classes: { fast: { folder: path.join(folder, 'volumes'), default: true } },
        },
      },
      worker: { enabled: false },
    };
    for (let index = 0; index < vms; index++) writeVm(folder, index, layers);
    await fill(server.url, folder, vms);
    backend = await BackendProcess.start(folder, section);
    return await ask(backend.client(), rounds);
  } finally {
    await backend?.kill();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function printQueries(results: readonly QueryTimes[]): void {
  console.log(['query'.padEnd(52), 'median ms', 'worst ms', 'answer KiB'].join('  '));
  for (const { query, ms, answerBytes } of results)
    console.log(
      [
        query.padEnd(52),
        median([...ms])
          .toFixed(0)
          .padStart(9),
        Math.max(...ms)
          .toFixed(0)
          .padStart(8),
        String(Math.round(answerBytes / 1024)).padStart(10),
      ].join('  '),
    );
}

function writeVm(folder: string, index: number, layers: number): void {
  const name = `vm-${index}`;
  const vm = new VmBuilder({ folder: path.join(folder, 'vms', name), name, seed: index + 1 });
  const disk = vm.addDisk({ format: 'flat+se-sparse', sizeBytes: 1024 * 1024 });
  for (let layer = 1; layer < layers; layer++) {
    vm.write(disk, (layer % 16) * 65_536, seededBytes(4096, index * layers + layer));
    vm.takeSnapshot(`snapshot ${layer}`);
  }
  vm.finish();
}

/** Starts them all; what they came to is written into the tables, as their workers would have: half are over, four copy, the others wait for a place. */
async function fill(databaseUrl: string, folder: string, vms: number): Promise<void> {
  const engine = await openEngine({
    databaseUrl,
    databaseName: 'bench',
    applicationName: 'vm-migrate bench',
    sources: [{ name: 'lab', kind: 'vm-directory', options: { folder: path.join(folder, 'vms') } }],
    targets: [
      {
        name: 'here',
        kind: 'local-directory',
        options: { classes: { fast: { path: path.join(folder, 'volumes'), default: true } } },
        isDefault: true,
      },
    ],
    moverProgram: 'none',
  });
  try {
    for (let index = 0; index < vms; index++)
      await engine.call('start', { vm: path.join(folder, 'vms', `vm-${index}`) });
    await endHalf(engine);
    await letFourCopy(engine);
  } finally {
    await engine.close();
  }
}

async function endHalf({ database }: Engine): Promise<void> {
  const half = `(select id from vm_migrate.migration where abs(hashtext(id)) % 2 = 0)`;
  for (const statement of [
    `update vm_migrate.layer set flag = 'migrated', receipt = '{}', migrated_at = now() where migration_id in ${half}`,
    `update vm_migrate.step set state = 'done', finished_at = now() where migration_id in ${half}`,
    `update vm_migrate.vmware_snapshot set ready_at = now() where migration_id in ${half}`,
    `update vm_migrate.volume_snapshot set state = 'ready', ready_at = now() where migration_id in ${half}`,
    `update vm_migrate.migration set state = 'migrated', finished_at = now() where id in ${half}`,
    'analyze',
  ])
    await database.query(statement);
}

async function letFourCopy({ database }: Engine): Promise<void> {
  for (const statement of [
    `update vm_migrate.step set state = 'done', finished_at = now() where kind in ('proveClass', 'createVolume') and state <> 'done'`,
    `update vm_migrate.step s set state = 'ready' where s.state = 'blocked' and not exists (
       select 1 from vm_migrate.step_after a join vm_migrate.step e on e.migration_id = a.migration_id and e.step_id = a.after_id
        where a.migration_id = s.migration_id and a.step_id = s.step_id and e.state <> 'done')`,
    `update vm_migrate.step set state = 'running', reason = 'copying', started_at = now() where (migration_id, step_id) in (
       select migration_id, step_id from vm_migrate.step where state = 'ready' order by migration_id limit 4)`,
    `insert into vm_migrate.work_limit (scope, max_running, changed_by) values ('all', 4, 'bench')
       on conflict (scope) do update set max_running = 4`,
    'analyze',
  ])
    await database.query(statement);
}

async function ask(client: ApiClient, rounds: number): Promise<readonly QueryTimes[]> {
  const [running] = await client.call('getMigrations', { states: ['running'], limit: 1 });
  const [migrated] = await client.call('getMigrations', { states: ['migrated'], limit: 1 });
  if (running === undefined || migrated === undefined) throw new Error('no migrations');
  const idOf = ({ source, vmId }: typeof running): string => `${source}/${vmId}`;
  const queries: Readonly<Record<string, () => Promise<unknown>>> = {
    'getMigrations, 50 newest': () => client.call('getMigrations', { limit: 50 }),
    'getMigrations, 50 by progress, the last page': () =>
      client.call('getMigrations', {
        limit: 50,
        offset: 450,
        sort: { by: 'progress', order: 'asc' },
      }),
    'getMigrations, by a word': () => client.call('getMigrations', { limit: 50, text: 'vm-1' }),
    'getMigrations, all': () => client.call('getMigrations', {}),
    countMigrations: () => client.call('countMigrations', {}),
    'getTree of a running VM, by id': () => client.call('getTree', { vm: idOf(running) }),
    'getTree of a migrated VM, by id': () => client.call('getTree', { vm: idOf(migrated) }),
    'getTree of a migrated VM, by name': () => client.call('getTree', { vm: `lab/${migrated.vm}` }),
    describe: () => client.call('describe', { migration: running.id }),
    'getQueue, 50': () => client.call('getQueue', { limit: 50 }),
    getTargets: () => client.call('getTargets', {}),
    'getVms of 500': () => client.call('getVms', {}),
    'getVms of 500, with snapshots': () => client.call('getVms', { with: ['snapshots'] }),
    'getLayers, first 50': () => client.call('getLayers', { limit: 50 }),
    'getLayers, last 50': () => client.call('getLayers', { limit: 50, offset: 19_950 }),
  };
  const results: QueryTimes[] = [];
  for (const [query, call] of Object.entries(queries)) {
    // The first answer fills caches of connections and statements.
    const answerBytes = JSON.stringify(await call()).length;
    const ms: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      await call();
      ms.push(performance.now() - began);
    }
    results.push({ query, ms, answerBytes });
  }
  return results;
}
