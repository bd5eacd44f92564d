import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { OPERATIONS, operationPath, type OperationName } from './index';

const root = path.resolve(__dirname, '../../..');

describe('openapi.json', () => {
  const text = readFileSync(path.join(__dirname, '../openapi.json'), 'utf8');
  const document = JSON.parse(text) as {
    paths: Record<string, { post?: { requestBody: unknown; responses: Record<string, unknown> } }>;
    components: { schemas: Record<string, unknown> };
  };

  it('is what the operations list and the answers say: node scripts/openapi.mjs', () => {
    const script = path.join(root, 'scripts/openapi.mjs');
    const fresh = execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { openApiText } from ${JSON.stringify(script)}; process.stdout.write(await openApiText());`,
      ],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    expect(text).toBe(fresh);
  }, 60_000);

  it.each(Object.keys(OPERATIONS) as OperationName[])('has %s, with its inputs', name => {
    const { input } = OPERATIONS[name];
    const { requestBody } = document.paths[operationPath(name)]?.post ?? {};
    const { properties } = (
      requestBody as { content: { 'application/json': { schema: { properties: object } } } }
    ).content['application/json'].schema;
    expect(Object.keys(properties).sort()).toEqual(Object.keys(input.shape).sort());
  });

  it('refers to nothing that is not there', () => {
    const references = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(document.components.schemas).toHaveProperty([name]);
  });

  it('names no host', () => {
    expect(text).not.toMatch(/https?:\/\//);
  });
});
