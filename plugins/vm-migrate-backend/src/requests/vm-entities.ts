/** The catalog's word for a VM, and whether this person may use it. */
import { RELATION_OWNED_BY, stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import type { AuthService, BackstageCredentials } from '@backstage/backend-plugin-api';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import {
  ANNOTATION_SOURCE,
  ANNOTATION_VM_ID,
  validClaims,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { EngineError, type VmEntity } from '@vm-migrate/engine';

export interface CatalogDeps {
  readonly catalog: CatalogService;
  readonly auth: AuthService;
}

/** Catalogs that are there: not found, said later, is a way that leads nowhere, and no answer. */
const answered = new WeakSet<CatalogService>();

/**
 * Undefined: no entity says that it is this VM, several do, or there is no catalog. Asked twice, as this
 * backend and as the person: what only the first may see is nothing that he may start.
 * @throws EngineError VM_NOT_FOUND, STATE_REFUSED when the catalog does not answer
 */
export async function entityOf(
  { catalog, auth }: CatalogDeps,
  credentials: BackstageCredentials,
  { source, id }: { readonly source: string; readonly id: string },
): Promise<VmEntity | undefined> {
  try {
    const { items } = await catalog.getEntities(
      {
        filter: {
          [`metadata.annotations.${ANNOTATION_SOURCE}`]: source,
          [`metadata.annotations.${ANNOTATION_VM_ID}`]: id,
        },
      },
      { credentials: await auth.getOwnServiceCredentials() },
    );
    answered.add(catalog);
    const claims = validClaims(items);
    for (const claim of claims) {
      const seen = await catalog.getEntityByRef(stringifyEntityRef(claim), { credentials });
      if (seen === undefined)
        throw new EngineError('VM_NOT_FOUND', { where: { object: `${source}/${id}` } });
    }
    const [entity, ...others] = claims;
    if (entity === undefined || others.length > 0) return undefined;
    return { entityRef: stringifyEntityRef(entity), ownerRef: ownerOf(entity) };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (isNotInstalled(error) && !answered.has(catalog)) return undefined;
    throw new EngineError('STATE_REFUSED', {
      where: { object: `${source}/${id}` },
      expected: "the catalog's answer, who may use this VM",
      found: 'it does not answer',
      retry: 'later',
      cause: error,
    });
  }
}

function ownerOf(entity: Entity): string | null {
  return entity.relations?.find(({ type }) => type === RELATION_OWNED_BY)?.targetRef ?? null;
}

/** A backend without the catalog plugin has no such route. */
function isNotInstalled(error: unknown): boolean {
  return (
    error instanceof Error &&
    'statusCode' in error &&
    (error as { statusCode: unknown }).statusCode === 404
  );
}
