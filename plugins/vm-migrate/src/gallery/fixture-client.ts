/** A client that answers from fixtures, as often as it is asked, and never changes anything. */
import {
  ApiError,
  type ApiClient,
  type ErrorDataView,
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

export function fixtureClient(fixtures: Fixtures): ApiClient {
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
    // No event ever comes; the connection stands.
    async *events({ signal, onMode }) {
      onMode?.('stream');
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
    },
  };
}
