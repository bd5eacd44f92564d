/** getTargets: where VMs can go, and what is known of each storage class there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClassProofView, TargetClassView, TargetView } from '@vm-migrate/api';
import { EngineError, toEngineError } from '../errors';
import { findClassProof, probeFailures, type ProbeFailure } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { ClassProof } from '../targets/prove-class';
import type { StorageClass } from '../targets/target';
import { foundRowOf, offeredPlaces } from './offered-places';
import type { Operation, OperationContext } from './operation';
import { settledTarget } from './settled-target';
import { errorView } from './step-view';

export const getTargets: Operation<'getTargets', TargetView[]> = async context => {
  const found = await foundPlace(context);
  const known = await offeredPlaces(context, 'target');
  const rows: KnownTarget[] = known.map(row => ({ row }));
  if (found !== undefined && !known.some(({ name }) => name === found.row.name)) rows.push(found);
  // As the others come: whether a row is on record yet is no matter of whoever looks.
  rows.sort((a, b) => (a.row.name < b.row.name ? -1 : 1));
  const failures = await probeFailures(context.database, context.access.read);
  const { defaultTarget, foundTarget } = context;
  const defaultName =
    defaultTarget !== undefined && defaultTarget === foundTarget?.name
      ? found?.row.name
      : defaultTarget;
  return Promise.all(
    rows.map(async ({ row, error }) => ({
      name: row.name,
      kind: row.kind,
      isDefault: defaultName === undefined ? rows.length === 1 : row.name === defaultName,
      location: locationOf(row),
      namespaces: namespacesOf(row),
      ...(error === undefined
        ? await classesOf(
            context,
            row,
            failures.filter(({ target }) => target === row.name),
          )
        : { error: errorView(error.toJSON()), classes: [] }),
    })),
  );
};

interface KnownTarget {
  readonly row: PlaceRow;
  /** Why it is no place yet. */
  readonly error?: EngineError;
}

/** Whoever waits for the list wants the others: what a target says later is for the next one who asks. */
const ANSWER_MS = 5_000;

/** @throws EngineError CLUSTER_UNREACHABLE, TIMED_OUT for a target of another kind */
async function inTime<T>({ name, kind }: PlaceRow, answer: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(ANSWER_MS, undefined, { signal: over.signal }).then(() => {
    throw new EngineError(kind === 'kubernetes' ? 'CLUSTER_UNREACHABLE' : 'TIMED_OUT', {
      where: { object: `target ${name}` },
      found: `no answer within ${ANSWER_MS / 1_000} s`,
      hint: 'See that kubectl reaches the cluster with the same kubeconfig and context, or choose another target.',
      retry: 'later',
    });
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
    // Whichever of the two lost may still fail; nobody waits for it any more.
    for (const one of [answer, late]) one.catch(() => undefined);
  }
}

/**
 * The cluster that nobody configured, under the name that it has here; as it was found, while it does
 * not answer. Otherwise it would be offered only after the first plan for it.
 */
async function foundPlace(context: OperationContext): Promise<KnownTarget | undefined> {
  const { foundTarget } = context;
  if (foundTarget === undefined) return undefined;
  const row = foundRowOf(foundTarget);
  try {
    return { row: (await inTime(row, settledTarget(context, row))).place };
  } catch (error) {
    return { row, error: toEngineError(error) };
  }
}

async function classesOf(
  context: OperationContext,
  row: PlaceRow,
  failures: readonly ProbeFailure[],
): Promise<Pick<TargetView, 'error' | 'classes'>> {
  try {
    const asked = context.openTarget(row).then(target => target.capabilities());
    const { classes } = await inTime(row, asked);
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
