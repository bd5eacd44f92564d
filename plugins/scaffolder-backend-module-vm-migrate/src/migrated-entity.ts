/** The entity of what a VM became: the catalog module brings it a moment after the migration is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { stringifyEntityRef } from '@backstage/catalog-model';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import {
  ANNOTATION_MIGRATION,
  MIGRATED_VIRTUAL_MACHINE_TYPE,
  type MigrationView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { Asker } from './call-backend';

/** The catalog takes some seconds for an entity. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 500;

/**
 * Its entity ref; undefined: there is none that this person may read. Only waited for where the
 * catalog knows the VM: else nobody brings one.
 */
export async function migratedEntityRef(
  catalog: CatalogService,
  asker: Asker,
  { id, entity }: Pick<MigrationView, 'id' | 'entity'>,
): Promise<string | undefined> {
  const end = performance.now() + (entity === null ? 0 : PATIENCE_MS);
  for (;;) {
    const { items } = await catalog.getEntities(
      {
        filter: {
          kind: 'Resource',
          'spec.type': MIGRATED_VIRTUAL_MACHINE_TYPE,
          [`metadata.annotations.${ANNOTATION_MIGRATION}`]: id,
        },
        fields: ['kind', 'metadata.namespace', 'metadata.name'],
      },
      { credentials: await asker.getInitiatorCredentials() },
    );
    if (items[0] !== undefined) return stringifyEntityRef(items[0]);
    if (performance.now() >= end) return undefined;
    await sleep(LOOK_MS, undefined, asker.signal === undefined ? {} : { signal: asker.signal });
  }
}
