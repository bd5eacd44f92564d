/** Which entity a VM is, where several say that they are it. */
import { ANNOTATION_SOURCE, VM_LOCATION_TYPE } from './annotations';

/** What of an entity decides. @public */
export interface VmClaim {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

/** Written by the catalog: where an entity came from at first. */
const ORIGIN_LOCATION = 'backstage.io/managed-by-origin-location';

/**
 * Of the entities with the annotations of one VM those that count: the catalog module's, because
 * whoever owns the VM may steer its migrations, and anybody who may register a file can write those two
 * annotations. Where the module made none, all of them; where that is more than one, nobody knows whose
 * the VM is.
 * @public
 */
export function validClaims<Claim extends VmClaim>(claims: readonly Claim[]): readonly Claim[] {
  const ours = claims.filter(isOfCatalogModule);
  return ours.length > 0 ? ours : claims;
}

function isOfCatalogModule({ metadata: { annotations = {} } }: VmClaim): boolean {
  const source = annotations[ANNOTATION_SOURCE] ?? '';
  return annotations[ORIGIN_LOCATION] === `${VM_LOCATION_TYPE}:${source}`;
}
