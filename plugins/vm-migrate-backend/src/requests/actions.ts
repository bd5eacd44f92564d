/** Every operation as an action that agents and other plugins can find and call, under the caller's own permissions. */
import type { BackstageCredentials } from '@backstage/backend-plugin-api';
import type { ActionsRegistryService } from '@backstage/backend-plugin-api/alpha';
import { isResourcePermission, type BasicPermission } from '@backstage/plugin-permission-common';
import {
  OPERATIONS,
  statusOf,
  type OperationDefinition,
  type OperationInput,
  type OperationName,
} from '@vm-migrate/api';
import { OPERATION_PERMISSIONS } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { toEngineError, type EngineError } from '@vm-migrate/engine';
import type { AnyZodObject, z as Zod } from 'zod/v3';
import type { OperationsService } from './operations-service';

/** The registry's own type is worked out anew from each schema, which the compiler gives up on for a list of them. */
interface PlainAction {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly attributes: {
    readonly readOnly: boolean;
    readonly destructive: boolean;
    readonly idempotent: boolean;
  };
  readonly visibilityPermission?: BasicPermission;
  readonly schema: {
    readonly input: (z: typeof Zod) => AnyZodObject;
    readonly output: (z: typeof Zod) => AnyZodObject;
  };
  readonly action: (context: {
    readonly input: unknown;
    readonly credentials: BackstageCredentials;
  }) => Promise<{ readonly output: unknown }>;
}

export function registerActions(
  registry: ActionsRegistryService,
  operations: OperationsService,
): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[])
    register(registry, operations, name);
}

function register(
  registry: ActionsRegistryService,
  operations: OperationsService,
  name: OperationName,
): void {
  const definition: OperationDefinition<AnyZodObject> = OPERATIONS[name];
  const { kind, summary, input, destructive = false, repeats = false } = definition;
  const permission = OPERATION_PERMISSIONS[name];
  const action: PlainAction = {
    name: name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`),
    title: titleOf(name),
    description: summary,
    attributes: {
      readOnly: kind === 'query',
      destructive,
      idempotent: !repeats,
    },
    ...(isResourcePermission(permission)
      ? {}
      : { visibilityPermission: permission as BasicPermission }),
    schema: {
      // Of the same version of zod that the registry hands out: another yields an empty schema there.
      input: () => input,
      output: z => z.object({ answer: z.unknown().describe(`As ${name} answers over HTTP`) }),
    },
    action: async ({ input: said, credentials }) => ({
      output: {
        answer: await operations
          .call(name, said as OperationInput<typeof name>, { credentials })
          .catch((error: unknown) => {
            throw new Refusal(toEngineError(error));
          }),
      },
    }),
  };
  (registry as unknown as { register(plain: PlainAction): void }).register(action);
}

/** With the status that the route of the same operation answers: an agent takes 500 for something to try again. */
class Refusal extends Error {
  readonly code: string;
  readonly statusCode: number;

  constructor(error: EngineError) {
    super([error.message, error.hint].filter(Boolean).join(' '), { cause: error });
    this.name = this.code = error.code;
    this.statusCode = statusOf(error.code);
  }
}

function titleOf(name: string): string {
  const words = name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
  return `VM migration: ${words}`;
}
