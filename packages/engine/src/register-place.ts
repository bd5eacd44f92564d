/** Configured sources and targets become rows, which everybody on the database sees. */
import { canonicalJson } from './canonical-json';
import { EngineError } from './errors';
import { otherOptions, WAY_OPTIONS } from './own-ways';
import type { Tx } from './store/database';
import { hostOf, isInPod } from './store/place-host';
import { findPlace, places, putPlace, type PlaceTable } from './store/places';
import type { PlaceRow } from './store/store';

/** @throws EngineError CONFIG_INVALID when the name is another cluster's in this database */
export async function registerPlace(
  database: Tx,
  table: PlaceTable,
  { name, kind, options }: Pick<PlaceRow, 'name' | 'kind' | 'options'>,
): Promise<void> {
  const known = await findPlace(database, table, name);
  const asked: PlaceRow = {
    name,
    kind,
    options: pinned(known, kind, options),
    credentialRef: null,
    host: hostOf({ kind, options }),
  };
  if (known !== undefined && isOtherCluster(known, asked)) {
    // Another name has this cluster here: its row is worked on, and nothing needs one of this name.
    if (await hasRow(database, asked)) return;
    throw otherCluster(known, asked);
  }
  const row = known === undefined ? asked : keepingItsWay(known, asked);
  if (known !== undefined && canonicalJson(known) === canonicalJson(row)) return;
  await putPlace(database, table, row);
}

/** The cluster and namespace that a target was first used with stay the only ones (operations/settled-target.ts). */
function pinned(
  known: PlaceRow | undefined,
  kind: string,
  options: PlaceRow['options'],
): PlaceRow['options'] {
  if (kind !== 'kubernetes' || known?.kind !== 'kubernetes') return options;
  const { clusterId, namespace } = known.options;
  if (clusterId === undefined || (options['clusterId'] ?? clusterId) !== clusterId) return options;
  return { ...(namespace === undefined ? {} : { namespace }), ...options, clusterId };
}

function isOtherCluster(known: PlaceRow, asked: PlaceRow): boolean {
  if (known.kind !== 'kubernetes' || asked.kind !== 'kubernetes') return false;
  const [there, here] = [known.options['clusterId'], asked.options['clusterId']];
  return there !== undefined && here !== undefined && there !== here;
}

async function hasRow(database: Tx, { options }: PlaceRow): Promise<boolean> {
  return (await places(database, 'target')).some(
    row =>
      row.kind === 'kubernetes' &&
      row.options['clusterId'] === options['clusterId'] &&
      row.options['namespace'] === options['namespace'],
  );
}

/**
 * A pod's account leads nobody else there, and a folder that pods mount is still the machine's that
 * named it: neither takes away the way by which others come.
 */
function keepingItsWay(known: PlaceRow, asked: PlaceRow): PlaceRow {
  if (known.host === null || known.kind !== asked.kind) return asked;
  if (asked.kind === 'kubernetes') {
    const isPods =
      asked.options['kubeconfig'] === undefined && asked.options['context'] === undefined;
    const isSame =
      known.options['clusterId'] !== undefined &&
      known.options['clusterId'] === asked.options['clusterId'] &&
      known.options['namespace'] === asked.options['namespace'];
    if (!isPods || !isSame) return asked;
    const way = Object.fromEntries(
      WAY_OPTIONS.flatMap(key => (key in known.options ? [[key, known.options[key]]] : [])),
    );
    return { ...asked, options: { ...otherOptions(asked.options), ...way }, host: known.host };
  }
  const isMounted =
    isInPod() &&
    asked.options['pods'] !== undefined &&
    canonicalJson(known.options) === canonicalJson(asked.options);
  return isMounted ? known : asked;
}

function otherCluster(known: PlaceRow, asked: PlaceRow): EngineError {
  return new EngineError('CONFIG_INVALID', {
    where: { object: `target ${asked.name}` },
    expected: `cluster ${String(known.options['clusterId'])}, which it is in this database`,
    found: `cluster ${String(asked.options['clusterId'])}`,
    hint: 'Give the target of the other cluster another name: what was begun on the first one stays there.',
  });
}
