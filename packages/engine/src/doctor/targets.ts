/** Each target and its storage classes: writable, space, and whether the proof of snapshots is there. */
import { access, constants } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Config } from '../config';
import { LocalMover } from '../mover/local-mover';
import { findClassProof, places } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Database } from '../store/database';
import { kubernetesOptionsSchema } from '../targets/kubernetes/options';
import { openTarget } from '../targets/open-target';
import type { ClassProof } from '../targets/prove-class';
import type { StorageClass } from '../targets/target';
import { checkCluster } from './kubernetes/check-cluster';
import { probeCluster } from './kubernetes/probe-cluster';
import { unprobedSources } from './kubernetes/source-ways';
import { probeClasses } from './probe-classes';
import { proofWords } from './proof-words';
import { sourcesHere } from './sources';
import { failed, ok, warning, type Check, type CheckContext, type DoctorCheck } from './check';

export const checkTargets: Check = async context => {
  const { config, database, target } = context;
  const rows = database === undefined ? undefined : await places(database, 'target');
  const said = (config?.targets ?? []).map(configuredRow);
  // One that was only found is a row from the first plan on.
  const found = (config?.targets ?? []).filter(one => one.isFound === true).map(configuredRow);
  const known: readonly Known[] =
    rows === undefined
      ? said.map(row => ({ row, database: undefined }))
      : [
          ...rows.map(row => ({ row, database })),
          // It may get another name than the row of that name: nothing of that one is shown or kept for it.
          ...found
            .filter(one => !rows.some(row => isSameWay(row, one)))
            .map(row => ({ row, database: undefined })),
        ];
  const chosen = known.filter(({ row }) => target === undefined || row.name === target);
  if (chosen.length === 0 && target !== undefined)
    return [
      {
        name: `target ${target}`,
        state: 'failed',
        found: `there is none of that name: ${known.map(({ row }) => row.name).join(', ')}`,
        remedy: 'Name one of those, or none.',
      },
    ];
  const sources = await sourcesHere(context);
  const checks = await Promise.all(
    chosen.map(one => checkTarget(one.row, { ...context, database: one.database, sources })),
  );
  return checks.flat();
};

interface Known {
  readonly row: PlaceRow;
  /** Where its proofs are; `undefined`: it is no row yet. */
  readonly database: Database | undefined;
}

function configuredRow({ name, kind, options }: Config['targets'][number]): PlaceRow {
  return { name, kind, options, credentialRef: null, host: null };
}

function isSameWay(row: PlaceRow, found: PlaceRow): boolean {
  const keys = ['kubeconfig', 'context', 'namespace'];
  return row.kind === found.kind && keys.every(key => row.options[key] === found.options[key]);
}

interface TargetContext extends CheckContext {
  /** Those that this machine reads. */
  readonly sources: readonly PlaceRow[];
}

async function checkTarget(
  { name, kind, options, host }: PlaceRow,
  { database, moverProgram, probe, moverImage, sources }: TargetContext,
): Promise<readonly DoctorCheck[]> {
  const title = `target ${name}`;
  if (host !== null && host !== hostname())
    return [
      {
        name: title,
        state: 'skipped',
        found: `the way that is on record is that of machine ${host}`,
        remedy: `Run doctor on ${host}, or look at your own way with --kubeconfig and --context.`,
      },
    ];
  if (kind === 'kubernetes')
    return checkKubernetes(
      { name, options: moverImage === undefined ? options : { ...options, moverImage } },
      { database, moverProgram, probe, sources },
    );
  const mover = new LocalMover({ program: moverProgram });
  try {
    const target = openTarget({ ...options, name, kind }, { mover, moverProgram });
    const { classes } = await target.capabilities();
    const usable = classes.filter(({ snapshots }) => snapshots.how !== 'none');
    const summary =
      usable.length > 0
        ? ok(title, `${kind}, ${usable.length} of ${classes.length} storage classes take snapshots`)
        : {
            name: title,
            state: 'failed' as const,
            found: `${kind}, no storage class takes snapshots`,
            remedy: 'Configure a class that does: a migration is nothing without it.',
          };
    const each = await Promise.all(
      classes.map(storageClass =>
        checkClass(name, storageClass, folderOf(options, storageClass.name), database),
      ),
    );
    const probed = probe === undefined ? [] : await probeClasses(target, classes, probe, database);
    return [summary, ...each, ...probed];
  } catch (error) {
    return [failed(title, error, 'Check the target in the configuration.')];
  } finally {
    await mover.close();
  }
}

async function checkKubernetes(
  { name, options }: Pick<PlaceRow, 'name' | 'options'>,
  {
    database,
    moverProgram,
    probe,
    sources,
  }: Pick<TargetContext, 'database' | 'moverProgram' | 'probe' | 'sources'>,
): Promise<readonly DoctorCheck[]> {
  const checks = await checkCluster({ name, options }, { database, moverProgram, sources });
  const parsed = kubernetesOptionsSchema.safeParse(options);
  if (!parsed.success) return checks; // which say so
  if (probe === undefined) return [...checks, ...unprobedSources(sources, { name })];
  const probed = await probeCluster(
    { name, options: parsed.data },
    { moverProgram, database, classes: probe, sources },
  );
  return [...checks, ...probed];
}

async function checkClass(
  target: string,
  { name, snapshots, freeBytes }: StorageClass,
  folder: string | undefined,
  database: Database | undefined,
): Promise<DoctorCheck> {
  const title = `class ${target}/${name}`;
  const refused = folder === undefined ? undefined : await whyNotWritable(folder);
  if (refused !== undefined)
    return {
      name: title,
      state: 'failed',
      found: refused,
      remedy: `Make it writable for this user, or choose another folder in the configuration.`,
    };
  if (snapshots.how === 'none')
    return warning(
      title,
      `no snapshots: ${snapshots.reason}`,
      'VMs are not migrated to this class.',
    );
  const free = freeBytes === undefined ? '' : `, ${gibibytes(freeBytes)} free`;
  const proof =
    database === undefined ? undefined : await findClassProof<ClassProof>(database, target, name);
  return ok(title, `snapshots by ${snapshots.how}${free}; ${proofWords(proof)}`);
}

/** Of a class that is a folder on this machine. */
function folderOf(options: PlaceRow['options'], storageClass: string): string | undefined {
  const classes = options['classes'] as
    Readonly<Record<string, { readonly path?: unknown }>> | undefined;
  const folder = classes?.[storageClass]?.path;
  return typeof folder === 'string' ? folder : undefined;
}

/** A folder that is not there yet is made by the first volume: then its nearest ancestor counts. */
async function whyNotWritable(folder: string): Promise<string | undefined> {
  for (let place = folder; ; place = path.dirname(place)) {
    try {
      await access(place, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || place === path.dirname(place))
        return `${place} is not writable: ${message}`;
    }
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
