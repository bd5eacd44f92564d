/** What the catalog holds of VMs now, read as the catalog plugin itself. */
import type { AuthService } from '@backstage/backend-plugin-api';
import type { Entity } from '@backstage/catalog-model';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import {
  ANNOTATION_MIGRATED_FROM,
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';

export class CatalogEntities {
  constructor(
    private readonly deps: { readonly catalog: CatalogService; readonly auth: AuthService },
  ) {}

  /** VMs and migrated VMs, whoever brought them. */
  async all(): Promise<Entity[]> {
    const has = (annotation: string) =>
      ({ [`metadata.annotations.${annotation}`]: { $exists: true } }) as Query;
    return this.query({ $any: [has(ANNOTATION_SOURCE), has(ANNOTATION_MIGRATED_FROM)] });
  }

  async ofVm({
    source,
    vmId,
  }: {
    readonly source: string;
    readonly vmId: string;
  }): Promise<Entity[]> {
    return this.query({
      [`metadata.annotations.${ANNOTATION_SOURCE}`]: source,
      [`metadata.annotations.${ANNOTATION_VM_ID}`]: vmId,
    });
  }

  private async query(query: Query): Promise<Entity[]> {
    const { catalog, auth } = this.deps;
    const credentials = await auth.getOwnServiceCredentials();
    const found: Entity[] = [];
    for await (const page of catalog.streamEntities({ query }, { credentials }))
      found.push(...page);
    return found;
  }
}

type Query = NonNullable<NonNullable<Parameters<CatalogService['streamEntities']>[0]>['query']>;
