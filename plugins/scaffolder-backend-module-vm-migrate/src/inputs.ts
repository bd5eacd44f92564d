/** Inputs that several actions have. Schemas are made with the zod that the scaffolder hands out. */
import {
  TEMPLATE_KEEP_RULES,
  type OperationInput,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { createTemplateAction } from '@backstage/plugin-scaffolder-node';

/** The scaffolder's own zod: schemas of another copy are no schemas to it. */
type Schema = NonNullable<
  NonNullable<Parameters<typeof createTemplateAction>[0]['schema']>['input']
>;
type Z = Parameters<Extract<Schema, (...z: never[]) => unknown>>[0];

export const vmInputs = {
  vm: (z: Z) =>
    z.string().min(1).describe('The VM: an entity ref (resource:default/lab.3f2a), or SOURCE/NAME'),
  target: (z: Z) =>
    z.string().optional().describe('Configured target; the default one when absent'),
  storageClass: (z: Z) => z.string().optional().describe('One storage class for all volumes'),
  storageClassByDisk: (z: Z) =>
    z.record(z.string()).optional().describe('Disk (slot, file or id) -> storage class'),
  leaveOutDisks: (z: Z) => z.array(z.string()).optional().describe('Disks that are not migrated'),
  keep: (z: Z) =>
    z
      .object({
        rule: z.enum(TEMPLATE_KEEP_RULES),
        count: z.number().int().min(0).optional().describe('Of rule newest'),
        names: z.array(z.string()).optional().describe('Of rule names'),
        days: z.number().positive().optional().describe('Of rule age: not older than this'),
      })
      .optional()
      .describe('Which snapshots become VolumeSnapshots; all when absent'),
  namePrefix: (z: Z) =>
    z
      .string()
      // A form says an empty text where nothing was typed.
      .regex(/^([a-z]([a-z0-9-]{0,28}[a-z0-9])?)?$/, {
        message:
          'small letters, digits and dashes, at most 30; begins with a letter, ends with no dash',
      })
      .optional()
      .describe("Prefix of all object names; made of the VM's name when absent"),
  cutCurrent: (z: Z) =>
    z.boolean().optional().describe('Take a VolumeSnapshot of the current state as well'),
  accept: (z: Z) => z.array(z.string()).optional().describe('Ids of findings that are accepted'),
};

export const migrationId = (z: Z) =>
  z
    .string()
    .regex(/^m-[a-z0-9]+$/)
    .describe('Id of a migration');

export type StartInput = OperationInput<'start'>;

/** What a dry run has instead of a migration. */
export const DRY_RUN_MIGRATION = 'm-dryrun';

export function migrationLink(id: string): string {
  return id === DRY_RUN_MIGRATION ? '/vm-migrate' : `/vm-migrate/migrations/${id}`;
}
