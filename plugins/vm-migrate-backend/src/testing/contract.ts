/**
 * The committed OpenAPI document as a check of what comes over the wire: every answer of a backend
 * under test is held against the schema of its operation, every error against that of errors. Fields
 * that the document does not have are refused as well: what nobody describes, nobody meant to tell.
 */
import {
  ERROR_STATUS,
  HEALTH_PATH,
  OPERATIONS,
  operationPath,
  type ErrorBody,
  type OperationName,
} from '@vm-migrate/api';
import openApi from '@vm-migrate/api/openapi.json';
import Ajv from 'ajv/dist/2020';

type Json = Readonly<Record<string, unknown>>;

export interface Contract {
  /** As the global one, and throws when the answer is not as the document says. */
  readonly fetch: typeof fetch;
  /** Operations that answered well, and codes of errors, so far. */
  readonly seen: { readonly answers: Set<OperationName>; readonly errors: Set<string> };
  /** @throws Error naming what does not fit */
  check(schemaName: string, value: unknown): void;
}

/** A plan holds more than its readers need, and is handed back whole; Backstage's own errors are not ours. */
const OPEN_SCHEMAS = new Set(['PlanView', 'HostErrorBody']);

export function contract(): Contract {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const schemas = Object.fromEntries(
    Object.entries(openApi.components.schemas as Readonly<Record<string, Json>>).map(
      ([name, schema]) => [name, OPEN_SCHEMAS.has(name) ? schema : closed(schema)],
    ),
  );
  ajv.addSchema({ $id: 'document', components: { schemas } });
  const seen = { answers: new Set<OperationName>(), errors: new Set<string>() };

  function check(schemaName: string, value: unknown): void {
    validate({ $ref: `document#/components/schemas/${schemaName}` }, value, schemaName);
  }

  function validate(schema: Json, value: unknown, what: string): void {
    const fits = ajv.compile(schema);
    if (fits(value)) return;
    const problems = (fits.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${instancePath || '/'} ${message ?? ''} ${JSON.stringify(params)}`,
    );
    throw new Error(
      `${what} is not as openapi.json says:\n${problems.slice(0, 10).join('\n')}\n${JSON.stringify(value).slice(0, 2_000)}`,
    );
  }

  async function checked(url: string, answer: Response): Promise<void> {
    if (!(answer.headers.get('content-type') ?? '').startsWith('application/json')) return;
    const { pathname } = new URL(url);
    if (pathname.endsWith(HEALTH_PATH)) return check('HealthView', await answer.clone().json());
    const name = (Object.keys(OPERATIONS) as OperationName[]).find(one =>
      pathname.endsWith(operationPath(one)),
    );
    if (answer.ok && name === undefined) return;
    const body: unknown = await answer.clone().json();
    if (answer.ok && name !== undefined) {
      validate(answerSchema(name), body, `the answer of ${name}`);
      seen.answers.add(name);
      return;
    }
    if (answer.status === 401) {
      check('HostErrorBody', body);
      seen.errors.add('NOT_SIGNED_IN');
      return;
    }
    check('ErrorBody', body);
    const { error, response } = body as ErrorBody;
    const status = ERROR_STATUS[error.code as keyof typeof ERROR_STATUS];
    if (answer.status !== status || response.statusCode !== status || error.name !== error.code)
      throw new Error(
        `${error.code} came with status ${answer.status}: ${JSON.stringify(body).slice(0, 500)}`,
      );
    seen.errors.add(error.code);
  }

  return {
    seen,
    check,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      await checked(answer.url, answer);
      return answer;
    },
  };
}

function answerSchema(name: OperationName): Json {
  const { post } = openApi.paths[operationPath(name) as keyof typeof openApi.paths] as {
    readonly post: {
      readonly responses: {
        readonly 200: { readonly content: { readonly 'application/json': { schema: Json } } };
      };
    };
  };
  const text = JSON.stringify(closed(post.responses[200].content['application/json'].schema));
  return JSON.parse(text.replaceAll('"#/', '"document#/')) as Json;
}

/** The same schema, whose objects have the properties that it names and no others. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value as unknown)]),
  );
  const isObject = 'properties' in inner && !('additionalProperties' in inner);
  return (isObject ? { ...inner, additionalProperties: false } : inner) as T;
}
