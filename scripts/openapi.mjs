// node scripts/openapi.mjs: writes packages/api/openapi.json from the operations list and the types
// of the answers. packages/api/src/openapi-document.test.ts fails when the two differ.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, 'packages', 'api', 'src');
export const committed = path.join(root, 'packages', 'api', 'openapi.json');

/** The file's text as it should be. */
export async function openApiText() {
  const { openApiDocument } = await load(path.join(source, 'openapi-document.ts'));
  return `${JSON.stringify(openApiDocument(answerSchemas()), null, 2)}\n`;
}

/** The sources are TypeScript without file extensions: bundled in memory. */
async function load(file) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    logLevel: 'silent',
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0].text)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  return module.exports;
}

/** JSON Schemas of the interfaces in answers.ts, views.ts and errors.ts. */
function answerSchemas() {
  const { createGenerator } = createRequire(import.meta.url)('ts-json-schema-generator');
  const generator = createGenerator({
    path: path.join(source, 'openapi-types.ts'),
    tsconfig: path.join(root, 'tsconfig.json'),
    skipTypeCheck: true,
    additionalProperties: true,
  });
  const definitions = [
    'OperationAnswers',
    'ErrorBody',
    'HostErrorBody',
    'HealthView',
    'EventView',
    'VmEntitiesView',
  ].map(type => generator.createSchema(type).definitions);
  const { OperationAnswers, ...types } = moved(Object.assign({}, ...definitions));
  return { answers: OperationAnswers.properties, types };
}

/** References of a JSON Schema, as OpenAPI has them. */
function moved(value) {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/definitions/', '"#/components/schemas/'));
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href)
  fs.writeFileSync(committed, await openApiText());
