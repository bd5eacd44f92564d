/**
 * The block table while its layer is being written: a file with `.part` in its name that lives as
 * long as the application, resumed runs included, and becomes the table by a rename at the end.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';

import { BlockTable, syncFolderOf } from '../copy/block-table';
import { volumeError } from '../native/errno';
import type { ApplyOrder } from './mover';

export interface WorkingTable {
  readonly table: BlockTable;
  /** Its entries are lost or were never made: they must be made by reading the whole volume. */
  readonly mustRebuild: boolean;
  /** Flushes, closes and gives it its name. */
  publish(): Promise<void>;
}

/** @throws EngineError VOLUME_IO, VOLUME_FULL, VOLUME_MISSING */
export async function openWorkingTable(
  order: ApplyOrder,
  proof: NonNullable<ApplyOrder['proof']>,
): Promise<WorkingTable> {
  const part = `${proof.table}.${applicationKey(order, proof)}.part`;
  const { table, mustRebuild } =
    order.windowsDone.length === 0 ? begin(order, proof, part) : resume(proof, part);
  await syncFolderOf(part);
  return {
    table,
    mustRebuild,
    async publish() {
      await table.flush();
      table.close();
      fs.renameSync(part, proof.table);
      await syncFolderOf(proof.table);
    },
  };
}

type Opened = Pick<WorkingTable, 'table' | 'mustRebuild'>;

/** Nothing of this layer counts yet, so tables of earlier attempts are void. */
function begin(order: ApplyOrder, proof: NonNullable<ApplyOrder['proof']>, part: string): Opened {
  removeLeftovers(proof.table);
  if (order.content === 'zeros')
    return { table: BlockTable.create(part, proof.stateSizeBytes), mustRebuild: false };
  if (proof.parentTable === undefined || !fs.existsSync(proof.parentTable)) {
    return { table: BlockTable.create(part, proof.stateSizeBytes), mustRebuild: true };
  }
  return {
    table: BlockTable.createFrom(proof.parentTable, part, proof.stateSizeBytes),
    mustRebuild: false,
  };
}

/** Entries of reported windows are in the part; or in the table, when only the report of the end got lost. */
function resume(proof: NonNullable<ApplyOrder['proof']>, part: string): Opened {
  if (fs.existsSync(part))
    return { table: BlockTable.open(part, proof.stateSizeBytes, 'write'), mustRebuild: false };
  if (fs.existsSync(proof.table))
    return {
      table: BlockTable.createFrom(proof.table, part, proof.stateSizeBytes),
      mustRebuild: false,
    };
  return { table: BlockTable.create(part, proof.stateSizeBytes), mustRebuild: true };
}

function removeLeftovers(table: string): void {
  try {
    const prefix = `${path.basename(table)}.`;
    for (const name of fs.readdirSync(path.dirname(table))) {
      if (name.startsWith(prefix) && name.endsWith('.part'))
        fs.rmSync(path.join(path.dirname(table), name), { force: true });
    }
    fs.rmSync(table, { force: true });
  } catch (error) {
    throw volumeError(error, table);
  }
}

/** Equal for runs that continue each other, different for anything else that may use this name. */
function applicationKey(order: ApplyOrder, proof: NonNullable<ApplyOrder['proof']>): string {
  const facts = [
    order.layerId,
    order.layer.manifest,
    order.windowBytes,
    order.content,
    order.mark.generation,
    proof.stateSizeBytes,
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}
