/**
 * The numbered files of store/sql. In the source tree (tests, development) they are read from
 * there; in a bundle, where no folder lies beside the code, their text comes from
 * sql-files.generated.ts. `node packages/engine/src/store/sql/renew.mjs` writes that file and a
 * test compares the two.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { BUNDLED_SQL } from './sql-files.generated';

export interface SqlFile {
  readonly name: string;
  /** 1, 2, 3, ... without gaps. */
  readonly number: number;
  readonly additive: boolean;
  readonly sql: string;
}

const FOLDER = path.join(__dirname, 'sql');

/** In the order of their numbers. */
export function sqlFiles(): readonly SqlFile[] {
  return toSqlFiles(existsSync(path.join(FOLDER, '000001.sql')) ? readFolder() : BUNDLED_SQL);
}

export function toSqlFiles(texts: Readonly<Record<string, string>>): readonly SqlFile[] {
  const files = Object.entries(texts)
    .map(([name, sql]) => ({
      name,
      number: Number.parseInt(name, 10),
      additive: sql.startsWith('-- additive'),
      sql,
    }))
    .sort((a, b) => a.number - b.number);
  files.forEach((file, index) => {
    if (file.number !== index + 1)
      throw new EngineError('INTERNAL', {
        where: { file: file.name },
        expected: `number ${index + 1}: SQL files have no gaps`,
      });
  });
  return files;
}

function readFolder(): Record<string, string> {
  const names = readdirSync(FOLDER).filter(name => /^\d{6}\.sql$/.test(name));
  return Object.fromEntries(
    names.map(name => [name, readFileSync(path.join(FOLDER, name), 'utf8')]),
  );
}
