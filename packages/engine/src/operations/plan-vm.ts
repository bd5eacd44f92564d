/** plan: what a migration would do, cost and lose. Reads the source and the target; writes nothing. */
import type { MigrationOptions } from '@vm-migrate/api';
import { EngineError } from '../errors';
import { buildPlan, type ClassProbe } from '../plan/build-plan';
import { planOptionsOf } from '../plan/migrations-file';
import type { Plan } from '../plan/plan';
import { finding } from '../sources/finding-kinds';
import type { Finding, SnapshotTree } from '../sources/snapshot-tree';
import { measureOwnBytes, type OwnBytes } from '../sources/measure-own-bytes';
import type { Source } from '../sources/source';
import { tableFindings } from '../sources/table-findings';
import { migrations } from '../store/migrations';
import { findClassProof } from '../store/places';
import { targetObjects } from '../store/target-objects';
import type { PlaceRow } from '../store/store';
import { foundRowOf, offeredPlace, offeredPlaces } from './offered-places';
import type { Operation, OperationContext } from './operation';
import { settledTarget } from './settled-target';
import { resolveVm, type ResolvedVm } from './resolve-vm';

export const planVm: Operation<'plan', Plan> = async (context, { vm, options = {} }) => {
  return planFor(context, await resolveVm(context, vm), options);
};

export async function planFor(
  context: OperationContext,
  resolved: ResolvedVm,
  options: MigrationOptions,
): Promise<Plan> {
  const { source, place } = resolved;
  const { place: targetPlace, target } = await settledTarget(
    context,
    await chosenTarget(context, options.target),
  );
  const tree = await source.loadTree(resolved.vm.id);
  const capabilities = await target.capabilities();
  const probes: Record<string, ClassProbe> = {};
  for (const { name } of capabilities.classes) {
    const proof = await findClassProof<ClassProbe>(context.database, targetPlace.name, name);
    if (proof !== undefined) probes[name] = proof.result;
  }
  const { ownBytes, findings } = await walkTables(source, tree);
  const pushing = target.pushes?.(await source.address(resolved.vm.id));
  if (pushing !== undefined) findings.push(finding('source-pushed', place.name, pushing.how));
  return buildPlan({
    tree: { ...tree, findings: [...tree.findings, ...findings] },
    options: planOptionsOf(options, startOfHourUs()),
    source: place.name,
    target: targetPlace.name,
    capabilities,
    probes,
    ownBytes,
    takenNames: await takenNames(context, resolved, targetPlace.name),
    ...(pushing === undefined ? {} : { pushedBytesPerSecond: pushing.bytesPerSecond }),
  });
}

/** What was kept of migrations of this VM that were given up. */
async function takenNames(
  { database, access }: OperationContext,
  { place, vm }: ResolvedVm,
  target: string,
): Promise<Map<string, string | null>> {
  const objects = await targetObjects(database, {
    vm: vm.id,
    source: place.name,
    target,
    states: ['canceled'],
  });
  const standing = objects.filter(({ state }) => state === 'there' || state === 'begun');
  const readable = await migrations(database, {
    vm: vm.id,
    states: ['canceled'],
    scope: access.read,
  });
  const known = new Set(readable.map(({ id }) => id));
  return new Map(
    standing.map(({ name, migrationId }) => [name, known.has(migrationId) ? migrationId : null]),
  );
}

async function chosenTarget(
  context: OperationContext,
  named: string | undefined,
): Promise<PlaceRow> {
  const name = named ?? context.defaultTarget;
  const { foundTarget } = context;
  if (foundTarget !== undefined && name === foundTarget.name) return foundRowOf(foundTarget);
  const all = await offeredPlaces(context, 'target');
  const place =
    name === undefined && all.length === 1
      ? all[0]
      : name === undefined
        ? undefined
        : await offeredPlace(context, 'target', name);
  if (place !== undefined) return place;
  throw new EngineError('NOT_FOUND', {
    where: { object: `target ${name ?? '(none named)'}` },
    expected:
      all.length === 0
        ? 'a target in the configuration'
        : `one of ${all.map(row => row.name).join(', ')}`,
    hint: 'Name one with --target, or set default: true at one in vmMigrate.targets.',
  });
}

/** Ages are counted from the start of the present hour, so that a plan shown and accepted within it is the same plan. */
function startOfHourUs(): number {
  const hourUs = 3_600_000_000;
  return Math.floor((Date.now() * 1000) / hourUs) * hourUs;
}

interface WalkedTables {
  readonly ownBytes: Record<string, OwnBytes>;
  readonly findings: Finding[];
}

/** What the tables of every layer say, and what is odd in them. */
async function walkTables(source: Source, tree: SnapshotTree): Promise<WalkedTables> {
  const ownBytes: Record<string, OwnBytes> = {};
  const findings: Finding[] = [];
  for (const layer of tree.disks.flatMap(disk => disk.layers)) {
    if (layer.ownBytes !== undefined || layer.access !== 'frozen') continue;
    const opened = await source.openLayer(tree.vm.id, layer.file);
    try {
      ownBytes[layer.id] = await measureOwnBytes(opened);
      findings.push(...tableFindings(layer, (await opened.checkTables?.()) ?? []));
    } finally {
      await opened.close();
    }
  }
  return { ownBytes, findings };
}
