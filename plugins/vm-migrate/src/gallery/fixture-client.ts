/** A client that answers from fixtures, as often as it is asked, and never changes anything. */
import {
  ApiError,
  type ApiClient,
  type ErrorDataView,
  type EventView,
  type OperationAnswers,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

export type Fixtures = {
  readonly [Name in OperationName]?:
    | OperationAnswers[Name]
    | ((input: OperationInput<Name>) => OperationAnswers[Name] | ApiError | Promise<never>);
};

/** An error, as the backend would say it. */
export function fails(data: ErrorDataView, status: number): () => ApiError {
  return () => new ApiError(data, status);
}

/** Never answers: what is shown meanwhile. */
export function isSlow(): Promise<never> {
  return new Promise(() => undefined);
}

/** How the stream of events is: `refused` says why it is not. */
export type FixtureStream = 'stands' | 'lost' | { readonly refused: ApiError };

export function fixtureClient(fixtures: Fixtures, stream: FixtureStream = 'stands'): ApiClient {
  return {
    call: async (name, input) => {
      const fixture: unknown = fixtures[name];
      const answer: unknown =
        typeof fixture === 'function'
          ? await (fixture as (input: unknown) => unknown)(input)
          : fixture;
      if (answer instanceof ApiError) throw answer;
      if (answer === undefined)
        throw new ApiError({
          code: 'STATE_REFUSED',
          message: `Nothing is changed here: these are fixtures, and there is none for ${name}.`,
        });
      return answer as OperationAnswers[typeof name];
    },
    events: ({ signal, onMode }) => {
      if (stream === 'stands') onMode?.('stream');
      if (stream === 'lost') onMode?.('lost');
      return typeof stream === 'object' ? refusedWith(stream.refused) : noEvents(signal);
    },
  };
}

function refusedWith(error: ApiError): AsyncIterable<EventView> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

/** The connection stands until it is ended, and nothing happens. */
function noEvents(signal: AbortSignal): AsyncIterable<EventView> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise(resolve =>
          signal.addEventListener('abort', () => resolve({ done: true, value: undefined })),
        ),
    }),
  };
}
