/** getTargets: where VMs can go, and what is known of each storage class there. */
import type { ClassProofView, TargetClassView, TargetView } from '@vm-migrate/api';
import { toEngineError } from '../errors';
import { findClassProof, places, probeFailures, type ProbeFailure } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { ClassProof } from '../targets/prove-class';
import type { StorageClass } from '../targets/target';
import type { Operation, OperationContext } from './operation';
import { errorView } from './step-view';

export const getTargets: Operation<'getTargets', TargetView[]> = async context => {
  const rows = await places(context.database, 'target');
  const failures = await probeFailures(context.database, context.access.read);
  const isDefault = ({ name }: PlaceRow): boolean =>
    context.defaultTarget === undefined ? rows.length === 1 : name === context.defaultTarget;
  return Promise.all(
    rows.map(async row => ({
      name: row.name,
      kind: row.kind,
      isDefault: isDefault(row),
      location: locationOf(row),
      namespaces: namespacesOf(row),
      ...(await classesOf(
        context,
        row,
        failures.filter(({ target }) => target === row.name),
      )),
    })),
  );
};

async function classesOf(
  context: OperationContext,
  row: PlaceRow,
  failures: readonly ProbeFailure[],
): Promise<Pick<TargetView, 'error' | 'classes'>> {
  try {
    const { classes } = await (await context.openTarget(row)).capabilities();
    const views = classes.map(async storageClass => {
      const failure = failures.find(one => one.storageClass === storageClass.name);
      return classView(storageClass, await proofView(context, row.name, storageClass, failure));
    });
    return { error: null, classes: await Promise.all(views) };
  } catch (error) {
    return { error: errorView(toEngineError(error).toJSON()), classes: [] };
  }
}

function classView(storageClass: StorageClass, proof: ClassProofView): TargetClassView {
  const { name, isDefault, snapshots, sizeStepBytes } = storageClass;
  return {
    name,
    isDefault,
    defaultBecause: storageClass.defaultBecause ?? null,
    snapshots: {
      how: snapshots.how,
      reason: snapshots.how === 'none' ? snapshots.reason : null,
    },
    proof,
    freeBytes: storageClass.freeBytes ?? null,
    maxSnapshotsPerVolume: storageClass.maxSnapshotsPerVolume ?? null,
    restoresWithoutCopy: storageClass.restoresWithoutCopy?.depth ?? null,
    gate: storageClass.gate ?? 'readyToUse',
    sizeStepBytes,
    notes: storageClass.notes ?? [],
  };
}

/** What was found last counts: a class that was proved and then failed has failed. */
async function proofView(
  { database }: OperationContext,
  target: string,
  { name }: StorageClass,
  failure: ProbeFailure | undefined,
): Promise<ClassProofView> {
  const proof = await findClassProof<ClassProof>(database, target, name);
  const nothing = { snapshotsOutliveVolume: null, writeBytesPerSecond: null, error: null };
  if (failure !== undefined && (proof === undefined || failure.failedAt > proof.provedAt))
    return {
      ...nothing,
      outcome: 'failed',
      at: failure.failedAt.toISOString(),
      ageMs: failure.ageMs,
      error: failure.error === null ? null : errorView(failure.error),
    };
  if (proof === undefined) return { ...nothing, outcome: 'none', at: null, ageMs: null };
  return {
    ...nothing,
    outcome: 'passed',
    at: proof.provedAt.toISOString(),
    ageMs: proof.ageMs,
    snapshotsOutliveVolume: proof.result.snapshotsOutliveVolume,
    writeBytesPerSecond: proof.result.writeBytesPerSecond,
  };
}

/** Contexts and kubeconfigs may hold addresses, folders are of a machine: neither is told. */
function locationOf({ kind, options, host }: PlaceRow): string {
  if (kind === 'kubernetes') {
    const namespace = textOf(options['namespace']);
    const clusterId = textOf(options['clusterId']);
    const where = namespace === undefined ? "the kubeconfig's namespace" : `namespace ${namespace}`;
    return clusterId === undefined ? where : `${where} of cluster ${clusterId}`;
  }
  return host === null ? '' : `machine ${host}`;
}

function namespacesOf({ options }: PlaceRow): readonly string[] {
  const several = options['namespaces'];
  if (Array.isArray(several)) return several.map(String);
  const namespace = textOf(options['namespace']);
  return namespace === undefined ? [] : [namespace];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
