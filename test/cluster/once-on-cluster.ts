/**
 * Nothing lost, nothing twice, nothing left: what the tables say against what the API server has,
 * without asking the engine.
 */
import type { Tx } from '../../packages/engine/src/store/database';
import { OURS } from '../../packages/engine/src/targets/kubernetes/layout';
import type { Kubectl } from './kubectl';
import { until } from './until';

/** Deletions go on after the migration has ended; provisioner and garbage collector take their time. */
const SETTLES_WITHIN_MS = 240_000;
/** A collector whose requests failed while the API server was down tries again after minutes, or when it is started again. */
const COLLECTED_WITHIN_MS = 90_000;

interface Item {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
  readonly spec?: {
    readonly volumeSnapshotRef?: { readonly namespace?: string; readonly uid?: string };
  };
}

/** Names of what the tables say is there. */
export interface Wanted {
  readonly volumes: readonly string[];
  readonly cuts: readonly string[];
}

/**
 * Exactly one VolumeSnapshot for each kept snapshot and disk and one content for each of those, the
 * main volumes with their tables, and no pod, Secret, PVC or VolumeSnapshot that no row wants.
 * @param wanted of every database that works in the namespace; @param besides PVCs of the test's own
 * @param collectAnew starts the cluster's garbage collector again, for Secrets that it owes us
 * @throws Error with every difference
 */
export async function expectOnceOnCluster(
  kubectl: Kubectl,
  wanted: Wanted,
  besides: readonly string[],
  collectAnew: () => Promise<void>,
): Promise<void> {
  let found: Differences = { problems: ['not looked'], owed: [] };
  let collectedAt: number | undefined;
  const began = performance.now();
  await until('the namespace to hold what the tables say', SETTLES_WITHIN_MS, async () => {
    found = await differences(kubectl, wanted, besides);
    const { problems, owed } = found;
    const waited = performance.now() - (collectedAt ?? began);
    if (problems.length === 0 && owed.length > 0 && waited > COLLECTED_WITHIN_MS) {
      process.stderr.write(`  the garbage collector is started again for ${owed.join(', ')}\n`);
      await collectAnew();
      collectedAt = performance.now();
    }
    return problems.length === 0 && owed.length === 0;
  }).catch((error: unknown) => {
    const left = found.owed.map(name => `Secret ${name} of a pod that is gone was not collected`);
    throw new Error(`${String(error)}\n${[...found.problems, ...left].join('\n')}`);
  });
}

interface Differences {
  readonly problems: readonly string[];
  /** Secrets that say they go with a pod which is gone: the collector's to remove, nobody else may. */
  readonly owed: readonly string[];
}

async function differences(
  kubectl: Kubectl,
  wanted: Wanted,
  besides: readonly string[],
): Promise<Differences> {
  const ours = Object.entries(OURS)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const list = async (what: string, ...more: string[]) =>
    (JSON.parse(await kubectl.run(['get', what, '-o', 'json', ...more])) as { items: Item[] })
      .items;
  const [claims, cuts, contents, pods, secrets] = await Promise.all([
    list('pvc'),
    list('volumesnapshots'),
    list('volumesnapshotcontents'),
    list('pods', '-l', ours),
    list('secrets', '-l', ours),
  ]);
  const uids = new Set(cuts.map(({ metadata }) => metadata.uid));
  const here = contents.filter(
    ({ spec }) => spec?.volumeSnapshotRef?.namespace === kubectl.namespace,
  );
  const allowed = new Set([
    ...wanted.volumes.flatMap(name => [name, `${name}-tables`]),
    ...besides,
  ]);
  const running = new Set(pods.map(({ metadata }) => metadata.uid));
  const isOwed = ({ metadata: { ownerReferences = [] } }: Item) =>
    ownerReferences.length > 0 && ownerReferences.every(({ uid }) => !running.has(uid));
  const problems = [
    ...missing('volume', wanted.volumes, namesOf(claims)),
    ...namesOf(claims)
      .filter(name => !allowed.has(name))
      .map(name => `PVC ${name} is too many`),
    ...missing('VolumeSnapshot', wanted.cuts, namesOf(cuts)),
    ...missing('row of VolumeSnapshot', namesOf(cuts), wanted.cuts),
    ...here
      .filter(({ spec }) => !uids.has(spec?.volumeSnapshotRef?.uid ?? ''))
      .map(({ metadata }) => `content ${metadata.name} belongs to no VolumeSnapshot`),
    ...(here.length === cuts.length ? [] : [`${here.length} contents of ${cuts.length}`]),
    ...namesOf(pods).map(name => `pod ${name} is left`),
    ...namesOf(secrets.filter(secret => !isOwed(secret))).map(name => `Secret ${name} is left`),
  ];
  return { problems, owed: namesOf(secrets.filter(isOwed)) };
}

/** Of all migrations of a database but `without`. */
export async function wantedNames(database: Tx, without = ''): Promise<Wanted> {
  const volumes = await database.query<{ name: string }>(
    `select base_name || case when generation > 1 then '-g' || generation else '' end as name
       from vm_migrate.volume v join vm_migrate.migration m on m.id = v.migration_id
      where removed_at is null and made_at is not null and m.state <> 'canceled' and m.id <> $1`,
    [without],
  );
  const cuts = await database.query<{ name: string }>(
    `select s.name from vm_migrate.volume_snapshot s join vm_migrate.migration m on m.id = s.migration_id
      where s.state = 'ready' and m.state <> 'canceled' and m.id <> $1`,
    [without],
  );
  return { volumes: volumes.map(({ name }) => name), cuts: cuts.map(({ name }) => name) };
}

function namesOf(items: readonly Item[]): string[] {
  return items.map(({ metadata }) => metadata.name);
}

function missing(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  return wanted.filter(name => !found.includes(name)).map(name => `${what} ${name} is missing`);
}
