/** Which entity a VM is, where several say that they are it. */
import { ANNOTATION_SOURCE, VM_LOCATION_TYPE } from './annotations';

/** What of an entity decides. @public */
export interface VmClaim {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

/** Written by the catalog: where an entity came from at first. */
const ORIGIN_LOCATION = 'backstage.io/managed-by-origin-location';

/**
 * Of the entities with the annotations of one VM the one that it is: the catalog module's, because
 * whoever owns it may steer the VM's migrations, and anybody who may register a file can write those
 * two annotations. Only where the module made none, the first by ref.
 * @public
 */
export function entityOfVm<Claim extends VmClaim>(
  claims: readonly Claim[],
  refOf: (claim: Claim) => string,
): Claim | undefined {
  const ours = claims.filter(isOfCatalogModule);
  return [...(ours.length > 0 ? ours : claims)].sort((a, b) => (refOf(a) < refOf(b) ? -1 : 1))[0];
}

function isOfCatalogModule({ metadata: { annotations = {} } }: VmClaim): boolean {
  const source = annotations[ANNOTATION_SOURCE] ?? '';
  return annotations[ORIGIN_LOCATION] === `${VM_LOCATION_TYPE}:${source}`;
}
