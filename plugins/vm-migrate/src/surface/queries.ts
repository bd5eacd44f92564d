/** The operations as React's queries and commands: asked once for all who show them, and again when an event says so. */
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import type {
  ApiClient,
  ApiError,
  OperationAnswers,
  OperationInput,
  OperationName,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { useClient } from './surface';

export interface QueryHow<Answer = unknown> {
  /** False while the input is not known yet. */
  readonly enabled?: boolean;
  /**
   * Progress within a layer makes no event: asked for so often while it is shown. A function decides
   * by the last answer.
   */
  readonly refetchMs?: number | undefined | ((answer: Answer) => number | undefined);
  /** `places`: it reads a source or a target, and is asked for again at these times only, not by events. */
  readonly of?: 'database' | 'places';
}

/** For whoever asks without showing it, as what checks a form: the same answer as those have who show it. */
export function operationQuery<Name extends OperationName>(
  api: ApiClient,
  name: Name,
  input: OperationInput<Name>,
  of: QueryHow['of'] = 'database',
) {
  return {
    queryKey: [name, input],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => api.call(name, input, { signal }),
    meta: { of },
  };
}

/** An operation that only looks. What was answered last stays while the next answer comes. */
export function useOperation<Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
  { enabled = true, refetchMs, of = 'database' }: QueryHow<OperationAnswers[Name]> = {},
) {
  const { api } = useClient();
  return useQuery<OperationAnswers[Name], ApiError>({
    ...operationQuery(api, name, input, of),
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => {
      if (typeof refetchMs !== 'function') return refetchMs ?? false;
      return (data === undefined ? undefined : refetchMs(data)) ?? false;
    },
  });
}

/** An operation that changes something; everything that is shown is asked for again after it. */
export function useCommand<Name extends OperationName>(name: Name) {
  const { api, hub } = useClient();
  return useMutation<OperationAnswers[Name], ApiError, OperationInput<Name>>({
    mutationFn: input => api.call(name, input),
    onSettled: () => hub.refresh(),
  });
}
