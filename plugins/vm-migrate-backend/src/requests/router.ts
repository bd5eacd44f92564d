/** The routes of packages/api/src/routes.ts. Every route but health needs credentials. */
import type { HttpAuthService } from '@backstage/backend-plugin-api';
import {
  ENTITIES_PATH,
  errorBody,
  HEALTH_PATH,
  OPENAPI_PATH,
  OPERATIONS,
  operationPath,
  statusOf,
  STREAM_PATH,
  type HealthView,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/api';
import openApi from '@vm-migrate/api/openapi.json';
import { EngineError, toEngineError, type Engine } from '@vm-migrate/engine';
import { RateLimiterRes } from 'rate-limiter-flexible';
import express, {
  Router,
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { streamEvents, type StreamTimes } from './event-stream';
import type { OperationsService } from './operations-service';

export interface RouterOptions {
  readonly operations: OperationsService;
  readonly httpAuth: HttpAuthService;
  /** @throws EngineError while there is none */
  readonly engine: () => Engine;
  readonly maxBytes: number;
  /** Ends the streams. */
  readonly signal: AbortSignal;
  readonly streamTimes?: Partial<StreamTimes>;
}

export function createRouter(options: RouterOptions): Router {
  const router = Router();
  router.use(express.json({ limit: options.maxBytes, strict: true }));
  for (const name of Object.keys(OPERATIONS) as OperationName[])
    router.post(
      operationPath(name),
      orFail((request, response) => operation(name, request, response)),
    );
  router.post(ENTITIES_PATH, orFail(entities));
  router.get(STREAM_PATH, orFail(stream));
  router.get(
    OPENAPI_PATH,
    orFail(async (request, response) => {
      await credentialsOf(request);
      response.json(openApi);
    }),
  );
  router.get(HEALTH_PATH, health);
  router.use(answerError);
  return router;

  async function operation(
    name: OperationName,
    request: Request,
    response: Response,
  ): Promise<void> {
    const credentials = await credentialsOf(request);
    const input = bodyOf(request) as OperationInput<typeof name>;
    response.set('cache-control', 'no-store');
    response.json(await options.operations.call(name, input, { credentials, request }));
  }

  async function entities(request: Request, response: Response): Promise<void> {
    const credentials = await options.httpAuth.credentials(request, { allow: ['service'] });
    const input = bodyOf(request);
    response.set('cache-control', 'no-store');
    response.json(await options.operations.setEntities(input, { credentials, request }));
  }

  async function stream(request: Request, response: Response): Promise<void> {
    const credentials = await credentialsOf(request);
    const { after, migration } = streamQuery(request);
    await streamEvents({
      engine: options.engine(),
      response,
      credentials,
      reader: () => options.operations.reader(credentials),
      signal: options.signal,
      after,
      migration,
      ...(options.streamTimes === undefined ? {} : { times: options.streamTimes }),
    });
  }

  function credentialsOf(request: Request) {
    return options.httpAuth.credentials(request, { allow: ['user', 'service'] });
  }

  function health(_request: Request, response: Response): void {
    const view = healthView(options.engine);
    response.status(view.status === 'ok' ? 200 : 503).json(view);
  }
}

/** Without a token: the code alone, no place and no name. */
function healthView(engine: () => Engine): HealthView {
  try {
    engine();
    return { status: 'ok' };
  } catch (error) {
    return { status: 'unavailable', code: toEngineError(error).code };
  }
}

/** @throws EngineError USAGE */
function bodyOf(request: Request): object {
  const body: unknown = request.body;
  if (request.is('application/json') === false || typeof body !== 'object' || body === null)
    throw usage(request.path, 'a JSON object with content-type application/json');
  return body;
}

/** @throws EngineError USAGE naming the field */
function streamQuery(request: Request): {
  after: number | undefined;
  migration: string | undefined;
} {
  const { after, migration } = request.query;
  if (after !== undefined && !(typeof after === 'string' && /^\d{1,15}$/.test(after)))
    throw usage('after', 'the id of an event');
  if (
    migration !== undefined &&
    !(typeof migration === 'string' && /^m-[a-z0-9]+$/.test(migration))
  )
    throw usage('migration', 'the id of a migration');
  return { after: after === undefined ? undefined : Number(after), migration };
}

function usage(object: string, expected: string): EngineError {
  return new EngineError('USAGE', { where: { object }, expected, found: 'something else' });
}

function orFail(handle: (request: Request, response: Response) => Promise<void>): RequestHandler {
  return (request, response, next) => void handle(request, response).catch(next);
}

/** Ours as they are; those of Backstage and of the body's parser by their status, the rest is for Backstage to answer. */
const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const known = knownError(error);
  if (known === undefined) return next(error);
  if (known.cause instanceof RateLimiterRes)
    response.set('retry-after', String(Math.ceil(known.cause.msBeforeNext / 1_000)));
  response.status(statusOf(known.code)).json(errorBody(withoutUndefined(known)));
};

function knownError(error: unknown): EngineError | undefined {
  if (error instanceof EngineError) return error;
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'AuthenticationError')
    return new EngineError('NOT_SIGNED_IN', {
      hint: 'Send a token of Backstage as `authorization: Bearer TOKEN`.',
    });
  if (error.name === 'NotAllowedError') return new EngineError('ACCESS_DENIED');
  const status = 'status' in error ? error.status : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new EngineError('USAGE', {
      where: { object: 'the request' },
      expected: 'a JSON object of a reasonable size',
      found: error.message,
    });
  return undefined;
}

function withoutUndefined(error: EngineError): Parameters<typeof errorBody>[0] {
  return JSON.parse(JSON.stringify(error)) as Parameters<typeof errorBody>[0];
}
