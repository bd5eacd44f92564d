/**
 * Nothing lost, nothing done twice: looked up in the tables, the log of windows and the target's
 * folder, without asking the engine.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Tx } from '../../packages/engine/src/store/database';
import { loggedWindows, type LoggedWindow } from './window-log';

export interface Counted {
  /** Layers that one mover began and another one finished. */
  readonly resumedLayers: number;
  /** Windows that a later mover of such a layer did not copy again. */
  readonly skippedWindows: number;
  readonly replacedVolumes: number;
}

/** Call it when all migrations of the database are migrated, and after `cleanup --remove`. */
export async function expectOnce(database: Tx, classFolder: string): Promise<Counted> {
  const problems = [
    ...(await flagProblems(database)),
    ...(await eventProblems(database)),
    ...(await targetProblems(database, classFolder)),
  ];
  const windows = await loggedWindows(database);
  problems.push(...windowProblems(windows));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const [replaced] = await database.query<{ count: number }>(
    `select count(*) as count from vm_migrate.event where kind = 'volume-replaced'`,
  );
  return { ...resumed(windows), replacedVolumes: replaced?.count ?? 0 };
}

/** Each wanted layer migrated, with one receipt of a run of its own. */
async function flagProblems(database: Tx): Promise<string[]> {
  const layers = await database.query<{ file: string; flag: string; run: string | null }>(
    `select migration_id || '/' || file as file, flag, receipt->>'runId' as run from vm_migrate.layer where flag <> 'not wanted'`,
  );
  const runs = layers.map(layer => layer.run);
  return [
    ...layers
      .filter(layer => layer.flag !== 'migrated')
      .map(layer => `${layer.file} is not migrated`),
    ...layers.filter(layer => layer.run === null).map(layer => `${layer.file} has no receipt`),
    ...(new Set(runs).size === runs.length ? [] : ['two layers share a receipt']),
  ];
}

/** A step ends once; an applyLayer step once more for every time that its volume was replaced under it. */
async function eventProblems(database: Tx): Promise<string[]> {
  const rows = await database.query<{ step: string; ended: number; again: number }>(
    `select s.migration_id || '/' || s.step_id as step,
            (select count(*) from vm_migrate.event e where e.migration_id = s.migration_id and e.step_id = s.step_id and e.kind = 'step-done') as ended,
            (select count(*) from vm_migrate.event e where e.migration_id = s.migration_id and e.kind = 'volume-replaced' and e.data->'again' ? s.layer_id) as again
       from vm_migrate.step s where s.kind = 'applyLayer'`,
  );
  return rows
    .filter(row => row.ended !== row.again + 1)
    .map(row => `${row.step} ended ${row.ended} times, was begun anew ${row.again} times`);
}

/** Main volumes and kept VolumeSnapshots by name, nothing beside them. */
async function targetProblems(database: Tx, classFolder: string): Promise<string[]> {
  const volumes = await database.query<{ name: string }>(
    `select base_name || case when generation > 1 then '-g' || generation else '' end as name from vm_migrate.volume where removed_at is null`,
  );
  const notMain = await database.query<{ name: string }>(
    `select base_name as name from vm_migrate.volume where role = 'branch' and removed_at is null`,
  );
  const cuts = await database.query<{ name: string }>(
    `select name from vm_migrate.volume_snapshot where purpose <> 'fork'`,
  );
  return [
    ...notMain.map(volume => `branch volume ${volume.name} was not removed`),
    ...differing('volume', names(volumes), readdirSync(path.join(classFolder, 'volumes'))),
    ...differing('VolumeSnapshot', names(cuts), readdirSync(path.join(classFolder, 'snapshots'))),
    ...readdirSync(path.join(classFolder, '.tmp')).map(name => `${name} is left in .tmp`),
  ];
}

/** On one generation of a volume no window is reported twice. */
function windowProblems(windows: readonly LoggedWindow[]): string[] {
  const seen = new Map<string, LoggedWindow>();
  const problems: string[] = [];
  for (const window of windows) {
    const key = `${window.migrationId}/${window.stepId} window ${window.windowIndex} of generation ${window.generation}`;
    const first = seen.get(key);
    if (first !== undefined) {
      const how = first.digest === window.digest ? 'equal' : 'DIFFERENT';
      problems.push(
        `${key} was copied under fence ${first.fence} and again under fence ${window.fence}, digests ${how}`,
      );
    }
    seen.set(key, window);
  }
  return problems;
}

function resumed(
  windows: readonly LoggedWindow[],
): Pick<Counted, 'resumedLayers' | 'skippedWindows'> {
  const runs = new Map<string, Map<number, number>>();
  for (const { migrationId, stepId, generation, fence } of windows) {
    const key = `${migrationId}/${stepId}/${generation}`;
    const byFence = runs.get(key) ?? new Map<number, number>();
    runs.set(key, byFence.set(fence, (byFence.get(fence) ?? 0) + 1));
  }
  const several = [...runs.values()].filter(byFence => byFence.size > 1);
  const skipped = several
    .flatMap(byFence => [...byFence.values()].slice(0, -1))
    .reduce((sum, count) => sum + count, 0);
  return { resumedLayers: several.length, skippedWindows: skipped };
}

function names(rows: readonly { readonly name: string }[]): string[] {
  return rows.map(row => row.name);
}

function differing(what: string, expected: readonly string[], found: readonly string[]): string[] {
  return [
    ...expected.filter(name => !found.includes(name)).map(name => `${what} ${name} is missing`),
    ...found.filter(name => !expected.includes(name)).map(name => `${what} ${name} is too many`),
  ];
}
