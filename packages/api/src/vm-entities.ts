/**
 * Which entity of a catalog a VM is, and who owns it: what the catalog tells the backend, so that
 * permissions are decided by what the catalog says now. It is no operation: nobody but Backstage's
 * catalog plugin may say it, neither a person nor whoever has the database.
 */
import { z } from './zod';

/** So many VMs in one request: however long their names, they fit what a backend takes (`requests.maxBytes`). */
export const MAX_VM_ENTITIES = 50;

const text = z.string().min(1).max(1_000);
const entityRef = text.regex(/^[^:/\s]+:[^:/\s]+\/[^:/\s]+$/);

export const vmEntitiesInput = z
  .object({
    vms: z
      .array(
        z
          .object({
            source: text.describe('Configured source'),
            id: text.describe('Id of the VM in its source'),
            entity: entityRef.describe('Entity ref of the VM'),
            owner: entityRef.nullable().describe('Entity ref of its owner'),
          })
          .strict(),
      )
      .max(MAX_VM_ENTITIES),
  })
  .strict();

export type VmEntitiesInput = z.infer<typeof vmEntitiesInput>;
export type VmEntityOwner = VmEntitiesInput['vms'][number];

/** Migrations whose entity or owner changed by it. */
export interface VmEntitiesView {
  readonly changed: number;
}
