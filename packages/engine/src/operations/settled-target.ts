/**
 * A cluster is known by the uid of its namespace kube-system, not by a context's name. The row of a
 * Kubernetes target keeps it from the first plan on, and the target refuses any other: a context
 * that is switched never leads work that is under way to another cluster. A target that was only
 * found gets a row for each cluster and namespace; other contexts of the same are the same row.
 */
import { EngineError } from '../errors';
import { findPlace, places, putPlace } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Target } from '../targets/target';
import type { OperationContext } from './operation';

export interface SettledTarget {
  readonly place: PlaceRow;
  readonly target: Target;
}

interface ClusterPlace {
  /** `undefined`: this account may not look; then a place is known by the way to it. */
  readonly clusterId: string | undefined;
  readonly namespace: string;
}

/** @throws EngineError CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, CONFIG_INVALID */
export async function settledTarget(
  context: OperationContext,
  place: PlaceRow,
): Promise<SettledTarget> {
  const isFound = place.name === context.foundTarget?.name;
  const target = await context.openTarget(place);
  if (place.options['clusterId'] !== undefined && !isFound) return { place, target };
  const at = isFound ? await foundAt(target) : await placeOf(target);
  if (at === undefined || (!isFound && at.clusterId === undefined)) return { place, target };
  const settled = isFound ? await foundRow(context, place, at) : pinned(place, at);
  await putPlace(context.database, 'target', settled);
  return { place: settled, target: await context.openTarget(settled) };
}

/** `undefined`: a target of another kind. */
async function placeOf(target: Target): Promise<ClusterPlace | undefined> {
  if (!('place' in target) || typeof target.place !== 'function') return undefined;
  try {
    return await (target as Target & { place(): Promise<ClusterPlace> }).place();
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CLUSTER_FORBIDDEN')
      return { clusterId: undefined, namespace: '' };
    throw error;
  }
}

/** Nobody asked for this cluster by name: whoever has a kubeconfig for other things is told the way out. */
async function foundAt(target: Target): Promise<ClusterPlace | undefined> {
  try {
    return await placeOf(target);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { code, where, expected, found, retry } = error;
    const hint = `${error.hint ?? ''} This cluster is a target because a kubeconfig names it: choose another one (--target), such as local.`;
    throw new EngineError(code, { where, expected, found, retry, hint: hint.trim(), cause: error });
  }
}

/** The namespace too: others who work on this place read it here, not in a context. */
function pinned(place: PlaceRow, { clusterId, namespace }: ClusterPlace): PlaceRow {
  return clusterId === undefined
    ? place
    : { ...place, options: { namespace, ...place.options, clusterId } };
}

/** The row of this cluster and namespace, else a new one under the first name that is free. */
async function foundRow(
  { database }: OperationContext,
  found: PlaceRow,
  at: ClusterPlace,
): Promise<PlaceRow> {
  const rows = await places(database, 'target');
  const known = rows.find(row => isAt(row, found, at));
  const own = pinned(found, at);
  // The way to it may have changed; a configured one says its way itself, and a machine's is kept from pods.
  if (known !== undefined)
    return isFoundName(found.name, known.name) && !isPodsWay(found, known)
      ? { ...own, name: known.name }
      : known;
  for (let number = 1; ; number++) {
    const name = number === 1 ? found.name : `${found.name}-${number}`;
    const row = { ...own, name };
    if (await isNew(database, row)) return row;
    const there = await findPlace(database, 'target', name);
    if (there !== undefined && isAt(there, found, at)) return row;
  }
}

function isAt(
  { kind, options }: PlaceRow,
  found: PlaceRow,
  { clusterId, namespace }: ClusterPlace,
): boolean {
  if (kind !== 'kubernetes' || options['clusterId'] !== clusterId) return false;
  if (clusterId !== undefined) return options['namespace'] === namespace;
  return WAY.every(key => options[key] === found.options[key]);
}

/** The account of a pod is no way for the machine that named the place; the pod finds its own (own-ways.ts). */
function isPodsWay({ options }: PlaceRow, known: PlaceRow): boolean {
  return (
    options['kubeconfig'] === undefined && options['context'] === undefined && known.host !== null
  );
}

const WAY = ['kubeconfig', 'context', 'namespace'] as const;

function isFoundName(found: string, name: string): boolean {
  return name === found || new RegExp(`^${found}-\\d+$`).test(name);
}

/** Two programs that settle at once get two names. */
async function isNew(database: OperationContext['database'], row: PlaceRow): Promise<boolean> {
  const made = await database.query<{ name: string }>(
    `insert into vm_migrate.target (name, kind, options, credential_ref, host) values ($1, $2, $3, $4, $5)
     on conflict (name) do nothing returning name`,
    [row.name, row.kind, row.options, row.credentialRef, row.host],
  );
  return made.length > 0;
}
