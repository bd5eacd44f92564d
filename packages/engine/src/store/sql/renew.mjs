// Writes what is derived from the SQL files: node packages/engine/src/store/sql/renew.mjs
//   ../sql-files.generated.ts   their text, for bundles
//   schema.snapshot.txt         the schema that they make; by its own test, which needs PostgreSQL
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter(name => /^\d{6}\.sql$/.test(name))
  .sort();
const entries = names.map(
  name => `  '${name}':\n    ${JSON.stringify(readFileSync(path.join(folder, name), 'utf8'))},\n`,
);
const text = `// Written by sql/renew.mjs from sql/*.sql. Do not edit.\n/* eslint-disable */\nexport const BUNDLED_SQL: Readonly<Record<string, string>> = {\n${entries.join('')}};\n`;
writeFileSync(path.join(folder, '../sql-files.generated.ts'), text);

const root = path.join(folder, '../../../../..');
const test = 'packages/engine/src/store/schema-snapshot.engine.test.ts';
const { status } = spawnSync(path.join(root, '.tools/run'), ['jest', test], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, RENEW_SCHEMA_SNAPSHOT: '1' },
});
process.exit(status ?? 1);
