/** `doctor --probe`: proves storage classes now, and keeps what the probe showed. */
import { randomBytes } from 'node:crypto';
import { putClassProof, storeId } from '../store/places';
import type { Database } from '../store/database';
import { proveClass } from '../targets/prove-class';
import type { StorageClass, Target } from '../targets/target';
import { failed, ok, type DoctorCheck, type DoctorOptions } from './check';
import { proofWords } from './proof-words';

/** A phase of the probe is a snapshot or a pod of 64 MiB. */
const PHASE_LIMIT_MS = 180_000;

/** One after the other: together they would measure each other. */
export async function probeClasses(
  target: Target,
  classes: readonly StorageClass[],
  chosen: NonNullable<DoctorOptions['probe']>,
  database: Database | undefined,
): Promise<readonly DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  for (const { name, snapshots } of classes) {
    if (snapshots.how === 'none' || (chosen !== 'all' && !chosen.includes(name))) continue;
    checks.push(await probe(target, name, database));
  }
  return checks;
}

/** Name of the check. */
export function probeTitle(target: Pick<Target, 'name'>, storageClass: string): string {
  return `probe ${target.name}/${storageClass}`;
}

async function probe(
  target: Target,
  storageClass: string,
  database: Database | undefined,
): Promise<DoctorCheck> {
  const title = probeTitle(target, storageClass);
  try {
    const proof = await proveClass(target, {
      storageClass,
      storeId: database === undefined ? 'doctor' : await storeId(database),
      runId: `doctor-${randomBytes(5).toString('hex')}`,
      phaseLimitMs: PHASE_LIMIT_MS,
    });
    if (database !== undefined) await putClassProof(database, target.name, storageClass, proof);
    const { provedAt, cutMs, restoreMs } = proof;
    const words = proofWords({ provedAt: new Date(provedAt), ageMs: 0, result: proof });
    return ok(title, `${words}; cut in ${cutMs} ms, restored in ${restoreMs} ms`);
  } catch (error) {
    return failed(
      title,
      error,
      'Nothing of a VM was touched. What the probe left is listed by: kubectl vm-migrate cleanup',
    );
  }
}
