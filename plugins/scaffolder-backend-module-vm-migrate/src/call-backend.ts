/** vm-migrate as whoever runs the template: his permissions decide, and the audit names him. */
import type {
  AuthService,
  BackstageCredentials,
  DiscoveryService,
} from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import {
  ApiError,
  apiClient,
  type OperationAnswers,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { inTemplateWords } from './template-words';

export interface BackendDeps {
  readonly auth: AuthService;
  readonly catalog: CatalogService;
  readonly discovery: DiscoveryService;
}

/** What of an action's context a call needs. */
export interface Asker {
  getInitiatorCredentials(): Promise<BackstageCredentials>;
  readonly signal?: AbortSignal | undefined;
}

export type Call = <Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
) => Promise<OperationAnswers[Name]>;

/** Each call throws an error whose message has our code, what happened, and what to do next. */
export function callerFor(
  { auth, discovery }: Pick<BackendDeps, 'auth' | 'discovery'>,
  asker: Asker,
): Call {
  const client = apiClient({
    baseUrl: () => discovery.getBaseUrl('vm-migrate'),
    token: async () => {
      const { token } = await auth.getPluginRequestToken({
        onBehalfOf: await asker.getInitiatorCredentials(),
        targetPluginId: 'vm-migrate',
      });
      return token;
    },
  });
  const options = asker.signal === undefined ? {} : { signal: asker.signal };
  return async (name, input) => {
    try {
      return await client.call(name, input, options);
    } catch (error) {
      throw error instanceof ApiError ? withWords(error) : error;
    }
  };
}

/** A template task shows the message alone. */
function withWords({ code, data }: ApiError): Error {
  const remedy = REMEDIES[code] ?? inTemplateWords(data.hint ?? '');
  return new TemplateError(code, [data.message, remedy].filter(Boolean).join(' '));
}

/** What is done in a template instead of what a terminal would do. */
const REMEDIES: Readonly<Record<string, string>> = {
  PLAN_BLOCKED: 'Mend what is named, or accept it: the input `accept` takes the ids.',
  NOT_SIGNED_IN:
    'The token of whoever runs this task has ended. What has begun goes on; run the template again for the rest.',
  PLAN_CHANGED: 'Plan again, and look at what is different: the VM or the target changed since.',
};

export class TemplateError extends Error {
  override readonly name = 'VmMigrateError';

  constructor(
    readonly code: string,
    words: string,
  ) {
    super(`${code}: ${words}`);
  }
}
