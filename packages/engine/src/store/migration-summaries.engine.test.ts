/** Lists of migrations against a naive model in memory: filters, orders, pages, sums, counts. */
import { randomOf } from '../testing/random';
import { testDatabase, type TestDatabase } from '../testing/test-database';
import type { Database } from './database';
import type { MigrationFilter } from './migration-filter';
import {
  countByState,
  migrationSummaries,
  type MigrationSort,
  type MigrationSummary,
} from './migration-summaries';
import { migrationsOfPage } from './migrations';
import type { MigrationScope } from './migration-scope';
import type { MigrationState, StepState } from './store';

const seed = Number(process.env['SUMMARIES_SEED'] ?? Date.now() % 1_000_000);
const STATES: readonly MigrationState[] = ['failed', 'paused', 'running', 'migrated', 'canceled'];
const NAMES = ['web-1', 'WEB-2', 'db_100%', 'dbX100Y', "o'hara", 'ünit'];
const BYS = ['created', 'finished', 'vm', 'state', 'progress'] as const;

interface ModelStep {
  readonly state: StepState;
  readonly kind: string;
  readonly weightBytes: number;
  readonly bytesDone: number | null;
  readonly bytesPerSecond: number;
}

interface Model {
  readonly id: string;
  readonly groupId: string | null;
  readonly source: string;
  readonly target: string;
  readonly vmId: string;
  readonly vmName: string;
  readonly owner: string | null;
  readonly state: MigrationState;
  readonly startedBy: string;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
  readonly flags: readonly string[];
  readonly snapshots: readonly { readonly kept: boolean; readonly ready: boolean }[];
  readonly steps: readonly ModelStep[];
}

describe(`lists of migrations (SUMMARIES_SEED=${seed})`, () => {
  const random = randomOf(seed);
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const some = <T>(values: readonly T[]): T[] => values.filter(() => random() < 0.5);
  const models = Array.from({ length: 40 }, (_, index) => modelOf(index));
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await testDatabase();
    database = await test.open();
    for (const place of ['source', 'target'])
      await database.query(
        `insert into vm_migrate.${place} (name, kind) values ('lab', 'x'), ('o''hara', 'x')`,
      );
    for (const model of models) await insert(database, model);
  });
  afterAll(() => test.drop());

  it('holds what is in the tables', async () => {
    const found = await migrationSummaries(database, {});
    expect(found.map(sumsOf)).toEqual([...models].sort(byCreation).map(modelSums));
  });

  it('finds, orders, pages and counts as the model does', async () => {
    for (let round = 0; round < 120; round++) {
      const filter = randomFilter();
      const sort: MigrationSort = { by: one(BYS), order: one(['asc', 'desc']) };
      const wanted = models.filter(model => fits(model, filter)).sort(comparison(sort));
      const limit = 1 + Math.floor(random() * 12);
      const pages: string[] = [];
      for (let offset = 0; offset <= wanted.length; offset += limit) {
        const page = await migrationSummaries(database, filter, { limit, offset, sort });
        expect(page.length).toBeLessThanOrEqual(limit);
        pages.push(...page.map(({ id }) => id));
      }
      expect({ seed, filter, sort, pages }).toEqual({
        seed,
        filter,
        sort,
        pages: wanted.map(({ id }) => id),
      });
      const counts = Object.fromEntries(
        (await countByState(database, filter)).map(({ state, count }) => [state, count]),
      );
      const inState = (state: string) => wanted.filter(model => model.state === state).length;
      for (const state of STATES)
        expect([state, counts[state] ?? 0]).toEqual([state, inState(state)]);
    }
  });

  it.each([
    ['layer', ({ flags }: Model) => flags.length],
    ['vmware_snapshot', ({ snapshots }: Model) => snapshots.length],
  ] as const)(
    'pages of all rows in %s reach into the migrations that have them',
    async (table, rowsOf) => {
      for (let round = 0; round < 60; round++) {
        const filter = randomFilter();
        const rows = models
          .filter(model => fits(model, filter))
          .sort(byCreation)
          .flatMap(model => Array.from({ length: rowsOf(model) }, () => model.id));
        const limit = 1 + Math.floor(random() * 12);
        for (let offset = 0; offset <= rows.length; offset += limit) {
          const found = await migrationsOfPage(database, table, filter, { limit, offset });
          const wanted = [...new Set(rows.slice(offset, offset + limit))];
          expect({ seed, filter, limit, offset, found }).toEqual({
            seed,
            filter,
            limit,
            offset,
            found: wanted.map(id => ({ id, before: rows.indexOf(id) })),
          });
        }
        const all = await migrationsOfPage(database, table, filter, {});
        expect(all.map(({ id }) => id)).toEqual([...new Set(rows)]);
      }
    },
  );

  function modelOf(index: number): Model {
    const state = one(STATES);
    return {
      id: `m-${index}`,
      groupId: one([null, 'g-1']),
      source: one(['lab', "o'hara"]),
      target: one(['lab', "o'hara"]),
      vmId: `vm-${index}`,
      vmName: one(NAMES),
      owner: one([null, 'user:default/ann', 'group:default/ops']),
      state,
      startedBy: one(['ann@host', 'user:default/bob']),
      // Several at the same moment.
      createdAtMs: 1_700_000_000_000 + Math.floor(random() * 20) * 1_000,
      finishedAtMs: state === 'migrated' ? 1_800_000_000_000 + Math.floor(random() * 5) : null,
      flags: Array.from({ length: Math.floor(random() * 6) }, () =>
        one(['needs migration', 'migrated', 'not wanted']),
      ),
      snapshots: Array.from({ length: Math.floor(random() * 5) }, () => ({
        kept: random() < 0.7,
        ready: random() < 0.5,
      })),
      steps: Array.from({ length: Math.floor(random() * 6) }, () => ({
        state: one(['done', 'running', 'ready', 'blocked', 'waiting'] as const),
        kind: one(['applyLayer', 'applyLayer', 'takeSnapshot']),
        weightBytes: one([0, 100, 5_000_000_000_000]),
        bytesDone: one([null, 40, 200]),
        bytesPerSecond: one([0, 7]),
      })),
    };
  }

  function randomFilter(): MigrationFilter {
    const scope: MigrationScope = one(['all', 'all', { owners: some(['user:default/ann']) }]);
    const narrow: MigrationFilter = one([
      {},
      { vmPart: one(['WEB', 'b_1', '0%', "o'h", 'zzz']) },
      { text: one(['lab web', 'ann', '%', '_', 'hara user:default', 'nobody']) },
      { states: some(STATES) },
      { source: one(['lab', "o'hara", 'none']), target: 'lab' },
      { owner: 'group:default/ops' },
      { groupId: 'g-1' },
      { vm: one([...NAMES, 'vm-3']) },
    ]);
    return { ...narrow, scope };
  }
});

function fits(model: Model, filter: MigrationFilter): boolean {
  const { scope = 'all' } = filter;
  const read = [
    model.id,
    model.groupId ?? '',
    model.vmName,
    model.vmId,
    model.source,
    model.target,
    model.owner ?? '',
    model.startedBy,
  ].map(text => text.toLowerCase());
  return (
    (filter.vmPart === undefined ||
      model.vmName.toLowerCase().includes(filter.vmPart.toLowerCase())) &&
    (filter.text ?? '')
      .toLowerCase()
      .split(' ')
      .every(word => read.some(text => text.includes(word))) &&
    (filter.states === undefined || filter.states.includes(model.state)) &&
    (filter.source === undefined || filter.source === model.source) &&
    (filter.target === undefined || filter.target === model.target) &&
    (filter.owner === undefined || filter.owner === model.owner) &&
    (filter.groupId === undefined || filter.groupId === model.groupId) &&
    (filter.vm === undefined || [model.vmId, model.vmName].includes(filter.vm)) &&
    (scope === 'all' ||
      (typeof scope === 'object' &&
        'owners' in scope &&
        model.owner !== null &&
        scope.owners.includes(model.owner)))
  );
}

function comparison({ by, order }: MigrationSort): (a: Model, b: Model) => number {
  const keyOf = (model: Model): number | string | null => {
    const { bytesDone, bytesTotal } = modelSums(model);
    switch (by) {
      case 'created':
        return model.createdAtMs;
      case 'finished':
        return model.finishedAtMs;
      case 'vm':
        return model.vmName.toLowerCase();
      case 'state':
        return STATES.indexOf(model.state);
      case 'progress':
        return bytesTotal === 0 ? null : bytesDone / bytesTotal;
    }
  };
  return (a, b) => {
    const [left, right] = [keyOf(a), keyOf(b)];
    if (left !== right) {
      if (left === null) return 1;
      if (right === null) return -1;
      return (left < right ? -1 : 1) * (order === 'asc' ? 1 : -1);
    }
    return a.id < b.id ? -1 : 1;
  };
}

function byCreation(a: Model, b: Model): number {
  return comparison({ by: 'created', order: 'desc' })(a, b);
}

function sumsOf(row: MigrationSummary) {
  const { id, layersTotal, layersMigrated, layersNotWanted, snapshotsTotal, snapshotsReady } = row;
  const { bytesTotal, bytesDone, bytesPerSecond, error } = row;
  const layers = [layersTotal, layersMigrated, layersNotWanted];
  const snapshots = [snapshotsTotal, snapshotsReady];
  return { id, layers, snapshots, bytesTotal, bytesDone, bytesPerSecond, error };
}

function modelSums({ id, flags, snapshots, steps, state }: Model): ReturnType<typeof sumsOf> {
  const copies = steps.filter(({ kind }) => kind === 'applyLayer');
  const sum = (of: (step: ModelStep) => number) =>
    copies.reduce((total, step) => total + of(step), 0);
  const kept = snapshots.filter(snapshot => snapshot.kept);
  const flagged = (flag: string) => flags.filter(other => other === flag).length;
  return {
    id,
    layers: [flags.length, flagged('migrated'), flagged('not wanted')],
    snapshots: [kept.length, kept.filter(({ ready }) => ready).length],
    bytesTotal: sum(step => step.weightBytes),
    bytesDone: sum(step =>
      step.state === 'done' ? step.weightBytes : Math.min(step.bytesDone ?? 0, step.weightBytes),
    ),
    bytesPerSecond: sum(step =>
      step.state === 'running' && step.bytesDone !== null ? step.bytesPerSecond : 0,
    ),
    error: state === 'failed' ? { code: 'VOLUME_FULL', message: 'first' } : null,
  };
}

async function insert(database: Database, model: Model): Promise<void> {
  const { id } = model;
  await database.query(
    `insert into vm_migrate.migration (id, group_id, source_name, target_name, vm_id, vm_name, plan_digest, plan, state, started_by,
                                       created_at, finished_at, owner_ref)
     values ($1, $2, $3, $4, $5, $6, '', '{}', $7, $8, to_timestamp($9::float8 / 1000), to_timestamp($10::float8 / 1000), $11)`,
    [
      id,
      model.groupId,
      model.source,
      model.target,
      model.vmId,
      model.vmName,
      model.state,
      model.startedBy,
      model.createdAtMs,
      model.finishedAtMs,
      model.owner,
    ],
  );
  for (const [index, flag] of model.flags.entries())
    await database.query(
      `insert into vm_migrate.layer (migration_id, layer_id, disk_id, disk_label, ordinal, file, format, size_bytes, data_bytes,
                                     zero_bytes, manifest, manifest_digest, flag, receipt)
       values ($1, $2, 'd', 'd', 0, 'f', 'flat', 0, 0, 0, '{}', '', $3, '{}')`,
      [id, `l${index}`, flag],
    );
  for (const [index, { kept, ready }] of model.snapshots.entries())
    await database.query(
      `insert into vm_migrate.vmware_snapshot (migration_id, snapshot_id, ordinal, name, description, kept, ready_at)
       values ($1, $2, 0, 'n', '', $3, case when $4 then now() end)`,
      [id, `s${index}`, kept, ready],
    );
  const failures =
    model.state === 'failed'
      ? [
          { ordinal: 99, message: 'second' },
          { ordinal: 98, message: 'first' },
        ]
      : [];
  for (const { ordinal, message } of failures)
    await database.query(
      `insert into vm_migrate.step (migration_id, step_id, ordinal, kind, priority, weight_bytes, storage_class, state, error)
       values ($1, $2, $3, 'takeSnapshot', 0, 0, '', 'failed', $4)`,
      [id, `f${ordinal}`, ordinal, { code: 'VOLUME_FULL', message }],
    );
  for (const [index, step] of model.steps.entries()) {
    await database.query(
      `insert into vm_migrate.step (migration_id, step_id, ordinal, kind, priority, weight_bytes, storage_class, state)
       values ($1, $2, $3, $4, 0, $5, '', $6)`,
      [id, `t${index}`, index, step.kind, step.weightBytes, step.state],
    );
    if (step.bytesDone === null) continue;
    await database.query(
      `insert into vm_migrate.step_progress (migration_id, step_id, fence, worker_id, bytes_done, bytes_per_second)
       values ($1, $2, 1, 'w', $3, $4)`,
      [id, `t${index}`, step.bytesDone, step.bytesPerSecond],
    );
  }
}
