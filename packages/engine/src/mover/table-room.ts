/**
 * Room for one more block table on a volume that holds nothing else: tables of states that no later
 * order builds on are given up, oldest first, when the next one would not fit. A table that is
 * wanted again after all is made by reading its volume.
 */
import * as fs from 'node:fs';
import path from 'node:path';

import { volumeError } from '../native/errno';
import type { ApplyOrder } from './mover';

/** An entry of 32 bytes for each 64 KiB. */
const BYTES_PER_ENTRY = 2048;
const SPARE_BYTES = 1024 * 1024;

/** @throws EngineError VOLUME_IO, VOLUME_MISSING when the tables' folder cannot be read */
export function makeTableRoom({ proof }: ApplyOrder): void {
  if (proof === undefined) return;
  const neededBytes = Math.ceil(proof.stateSizeBytes / BYTES_PER_ENTRY) + SPARE_BYTES;
  const folder = path.dirname(proof.table);
  try {
    for (const file of spareTables(folder, [proof.table, proof.parentTable])) {
      if (freeBytes(folder) >= neededBytes) return;
      fs.rmSync(file, { force: true });
    }
  } catch (error) {
    throw volumeError(error, folder);
  }
}

/** Oldest first; parts of tables are their own layer's business (apply-table.ts). */
function spareTables(folder: string, wanted: readonly (string | undefined)[]): readonly string[] {
  return fs
    .readdirSync(folder)
    .filter(name => name.endsWith('.table'))
    .map(name => path.join(folder, name))
    .filter(file => !wanted.includes(file))
    .map(file => ({ file, writtenAtMs: fs.statSync(file).mtimeMs }))
    .sort((one, other) => one.writtenAtMs - other.writtenAtMs)
    .map(({ file }) => file);
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return bavail * bsize;
}
