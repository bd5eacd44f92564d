/** plan: what a migration would do, cost and lose. Reads the source and the target; writes nothing. */
import type { MigrationOptions } from '@vm-migrate/api';
import { EngineError } from '../errors';
import { buildPlan, type ClassProbe } from '../plan/build-plan';
import type { KeepRule, Plan, PlanOptions } from '../plan/plan';
import type { SnapshotTree } from '../sources/snapshot-tree';
import { measureOwnBytes } from '../sources/measure-own-bytes';
import type { Source } from '../sources/source';
import { findClassProof, findPlace, places } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Operation, OperationContext } from './operation';
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
  const targetPlace = await chosenTarget(context, options.target);
  const target = await context.openTarget(targetPlace);
  const tree = await source.loadTree(resolved.vm.id);
  const capabilities = await target.capabilities();
  const probes: Record<string, ClassProbe> = {};
  for (const { name } of capabilities.classes) {
    const proof = await findClassProof<ClassProbe>(context.database, targetPlace.name, name);
    if (proof !== undefined) probes[name] = proof.result;
  }
  return buildPlan({
    tree,
    options: planOptions(options),
    source: place.name,
    target: targetPlace.name,
    capabilities,
    probes,
    ownBytes: await ownBytesOf(source, tree),
  });
}

async function chosenTarget(
  context: OperationContext,
  named: string | undefined,
): Promise<PlaceRow> {
  const name = named ?? context.defaultTarget;
  const all = await places(context.database, 'target');
  const place =
    name === undefined && all.length === 1
      ? all[0]
      : name === undefined
        ? undefined
        : await findPlace(context.database, 'target', name);
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

function planOptions(options: MigrationOptions): PlanOptions {
  return {
    leaveOutDisks: options.leaveOutDisks ?? [],
    keep: keepRule(options.keep),
    storageClass: options.storageClass,
    storageClassByDisk: options.storageClassByDisk ?? {},
    namePrefix: options.namePrefix,
    cutCurrent: options.cutCurrent === true ? 'always' : 'when-the-target-asks',
    sampleWindows: options.sampleWindows ?? 8,
  };
}

/** Ages are counted from the start of the present hour, so that a plan shown and accepted within it is the same plan. */
function keepRule(keep: MigrationOptions['keep']): KeepRule {
  if (keep === undefined) return { rule: 'all' };
  if (keep.rule !== 'age') return keep;
  const hourUs = 3_600_000_000;
  return { ...keep, nowUs: Math.floor((Date.now() * 1000) / hourUs) * hourUs };
}

async function ownBytesOf(
  source: Source,
  tree: SnapshotTree,
): Promise<Record<string, { data: number; zero: number }>> {
  const byLayer: Record<string, { data: number; zero: number }> = {};
  for (const layer of tree.disks.flatMap(disk => disk.layers)) {
    if (layer.ownBytes !== undefined || layer.access !== 'frozen') continue;
    const opened = await source.openLayer(tree.vm.id, layer.file);
    try {
      byLayer[layer.id] = await measureOwnBytes(opened);
    } finally {
      await opened.close();
    }
  }
  return byLayer;
}
