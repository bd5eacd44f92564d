/** The OpenAPI document of the operations list. scripts/openapi.mjs writes it to openapi.json. */
import { zodToJsonSchema } from 'zod-to-json-schema';
import { ERROR_STATUS } from './errors';
import { OPERATIONS, type OperationName } from './operations';
import { ENTITIES_PATH, HEALTH_PATH, OPENAPI_PATH, operationPath, STREAM_PATH } from './routes';
import { vmEntitiesInput } from './vm-entities';

type Json = Readonly<Record<string, unknown>>;

/** JSON Schemas of the answers' types, by type name; references start with `#/components/schemas/`. */
export interface AnswerSchemas {
  readonly answers: Readonly<Record<OperationName, Json>>;
  readonly types: Readonly<Record<string, Json>>;
}

export function openApiDocument({ answers, types }: AnswerSchemas): Json {
  const names = Object.keys(OPERATIONS) as OperationName[];
  return {
    openapi: '3.1.0',
    info: {
      title: 'vm-migrate',
      version: '1',
      description:
        'Moves VMware VMs with their snapshot history to Kubernetes. Every operation is a POST of its input; a query changes nothing, and every command can be repeated. A migration that you may not read does not exist for you: it is in no list, and its id answers 404.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/vm-migrate' }],
    security: [{ bearer: [] }],
    paths: {
      ...Object.fromEntries(
        names.map(name => [operationPath(name), { post: operation(name, answers[name]) }]),
      ),
      [STREAM_PATH]: { get: stream },
      [ENTITIES_PATH]: { post: entities },
      [OPENAPI_PATH]: { get: document },
      [HEALTH_PATH]: { get: health },
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: types,
      responses: { Error: errorResponse, NotSignedIn: notSignedIn },
    },
  };
}

function operation(name: OperationName, answer: Json): Json {
  const { kind, summary, input, ...rest } = OPERATIONS[name];
  return {
    operationId: name,
    summary,
    tags: [kind],
    ...('destructive' in rest ? { 'x-destructive': true } : {}),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: inputSchema(input) } },
    },
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: answer } } },
      401: { $ref: '#/components/responses/NotSignedIn' },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function inputSchema(
  input: (typeof OPERATIONS)[OperationName]['input'] | typeof vmEntitiesInput,
): Json {
  const { $schema: _draft, ...schema } = zodToJsonSchema(input, {
    target: 'jsonSchema2019-09',
    $refStrategy: 'none',
  }) as Json;
  return schema;
}

const text = (description: string, schema: Json): Json => ({
  description,
  content: { 'application/json': { schema } },
});

const stream: Json = {
  operationId: 'streamEvents',
  summary: 'What happens, as server-sent events',
  description:
    'First `ready` with {"after": cursor}, then an `event` with an EventView each, and a comment at least every 15 s. It ends when the token does: come again with the last cursor. An event may come a little after one with a greater id, and after a reconnection twice.',
  tags: ['stream'],
  parameters: [
    {
      name: 'after',
      in: 'query',
      description: 'Id of the last event that is known; absent: from now on',
      schema: { type: 'integer', minimum: 0 },
    },
    {
      name: 'migration',
      in: 'query',
      description: 'Only events of this migration',
      schema: { type: 'string', pattern: '^m-[a-z0-9]+$' },
    },
  ],
  responses: {
    200: {
      description: 'The stream',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    401: { $ref: '#/components/responses/NotSignedIn' },
    default: { $ref: '#/components/responses/Error' },
  },
};

const entities: Json = {
  operationId: 'setVmEntities',
  summary: "Which entities VMs are; for Backstage's catalog plugin alone",
  tags: ['catalog'],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: inputSchema(vmEntitiesInput) } },
  },
  responses: {
    200: text('Done', { $ref: '#/components/schemas/VmEntitiesView' }),
    default: { $ref: '#/components/responses/Error' },
  },
};

const document: Json = {
  operationId: 'getOpenApi',
  summary: 'This document',
  tags: ['about'],
  responses: {
    200: text('The document', { type: 'object' }),
    401: { $ref: '#/components/responses/NotSignedIn' },
  },
};

const health: Json = {
  operationId: 'getHealth',
  summary: 'Whether the plugin works; needs no token',
  tags: ['about'],
  security: [],
  responses: {
    200: text('It works', { $ref: '#/components/schemas/HealthView' }),
    503: text('It does not', { $ref: '#/components/schemas/HealthView' }),
  },
};

const errorResponse: Json = {
  description: `An error; its status goes by \`error.code\`: ${statusWords()}`,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorBody' } } },
};

const notSignedIn: Json = text('Backstage does not know who asks; its own words', {
  $ref: '#/components/schemas/HostErrorBody',
});

function statusWords(): string {
  const codes = new Map<number, string[]>();
  for (const [code, status] of Object.entries(ERROR_STATUS))
    codes.set(status, [...(codes.get(status) ?? []), code]);
  return [...codes]
    .sort(([a], [b]) => a - b)
    .map(([status, names]) => `${status} ${names.join(', ')}`)
    .join('; ');
}
