/** `catalog.providers.vmMigrate`: how often, and who owns what. Sources are the business of `vmMigrate:`. */
import {
  readSchedulerServiceTaskScheduleDefinitionFromConfig,
  type RootConfigService,
  type SchedulerServiceTaskScheduleDefinition,
} from '@backstage/backend-plugin-api';
import { InputError } from '@backstage/errors';
import { z } from 'zod';
import type { OwnerRules } from './owner-rules';

export interface ProviderSettings {
  readonly schedule: SchedulerServiceTaskScheduleDefinition;
  readonly owners: OwnerRules;
}

const SECTION = 'catalog.providers.vmMigrate';

/** The first look comes with the backend's first answer, not by the schedule. */
const SCHEDULE: SchedulerServiceTaskScheduleDefinition = {
  frequency: { minutes: 5 },
  timeout: { minutes: 10 },
  initialDelay: { seconds: 30 },
};

const entityRef = z
  .string()
  .regex(/^([^:/\s]+:)?([^:/\s]+\/)?[^:/\s]+$/, 'expected an entity ref, as group:default/web');

const wholeName = z.string().transform((pattern, context) => {
  try {
    return new RegExp(`^(?:${pattern})$`, 'i');
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const ownerSection = z.strictObject({
  default: entityRef.default('unknown'),
  rules: z
    .array(
      z.strictObject({
        source: z.string().optional(),
        namePattern: wholeName.optional(),
        owner: entityRef,
        system: entityRef.optional(),
      }),
    )
    .default([]),
});

const section = z.strictObject({
  schedule: z.unknown().optional(),
  owner: ownerSection.prefault({}),
});

/** @throws InputError naming the field */
export function readSettings(config: RootConfigService): ProviderSettings {
  const found = section.safeParse(config.getOptional(SECTION) ?? {});
  if (!found.success)
    throw new InputError(
      found.error.issues.map(({ path, message }) => `${fieldOf(path)}: ${message}`).join('; '),
    );
  const schedule = config.getOptionalConfig(`${SECTION}.schedule`);
  return {
    schedule:
      schedule === undefined
        ? SCHEDULE
        : readSchedulerServiceTaskScheduleDefinitionFromConfig(schedule),
    owners: found.data.owner,
  };
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (field, key) => (typeof key === 'number' ? `${field}[${key}]` : `${field}.${String(key)}`),
    SECTION,
  );
}
