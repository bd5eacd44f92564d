/** Each target and its storage classes: writable, space, and whether the proof of snapshots is there. */
import { access, constants } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { LocalMover } from '../mover/local-mover';
import { findClassProof, places } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { Database } from '../store/database';
import { openTarget } from '../targets/open-target';
import type { ClassProof } from '../targets/prove-class';
import type { StorageClass } from '../targets/target';
import { failed, ok, warning, type Check, type CheckContext, type DoctorCheck } from './check';

export const checkTargets: Check = async context => {
  const { config, database } = context;
  const rows = database === undefined ? undefined : await places(database, 'target');
  const known =
    rows ??
    config?.targets.map(({ name, kind, options }): PlaceRow => ({
      name,
      kind,
      options,
      credentialRef: null,
      host: null,
    })) ??
    [];
  return (await Promise.all(known.map(row => checkTarget(row, context)))).flat();
};

async function checkTarget(
  { name, kind, options, host }: PlaceRow,
  { database, moverProgram }: CheckContext,
): Promise<DoctorCheck[]> {
  const title = `target ${name}`;
  if (host !== null && host !== hostname())
    return [
      {
        name: title,
        state: 'skipped',
        found: `only ${host} reaches it`,
        remedy: `Run doctor on ${host}.`,
      },
    ];
  const mover = new LocalMover({ program: moverProgram });
  try {
    const { classes } = await openTarget({ ...options, name, kind }, { mover }).capabilities();
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
    return [summary, ...each];
  } catch (error) {
    return [failed(title, error, 'Check the target in the configuration.')];
  } finally {
    await mover.close();
  }
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
  const facts = `snapshots by ${snapshots.how}${free}`;
  if (proof === undefined)
    return ok(
      title,
      `${facts}; not proved yet: the first migration to it does that before it writes`,
    );
  const { snapshotsOutliveVolume, writeBytesPerSecond } = proof.result;
  const rate = `${Math.round(writeBytesPerSecond / 1024 ** 2)} MiB/s written by the probe`;
  return ok(
    title,
    `${facts}; proved ${agoWords(proof.ageMs)}: ${snapshotsOutliveVolume ? 'snapshots outlive their volume' : 'snapshots go with their volume'}, ${rate}`,
  );
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

function agoWords(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours < 1) return `${Math.max(1, Math.round(ms / 60_000))} min ago`;
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
