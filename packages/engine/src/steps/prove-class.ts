/**
 * proveClass: before any byte of the VM is written, the storage class shows that it keeps what a
 * VolumeSnapshot promises. A proof that is young enough is taken as it is, whatever image its movers
 * ran: it says what the class keeps of bytes that were flushed. An image that is no good writes
 * nothing, or bytes that its own read-back refuses.
 */
import { createHash } from 'node:crypto';
import { findClassProof, putClassProof } from '../store/places';
import type { Database } from '../store/database';
import type { Claim, StepKey } from '../store/steps';
import {
  advanceProbe,
  clearProbes,
  type ClassProof,
  type ProbeState,
} from '../targets/prove-class';
import { attend, done, wait, type StepKind } from './step';

export const proveClass: StepKind = {
  words: step => `prove that storage class ${step.storageClass} supports snapshots`,

  async advance({ step, claim, plan, storeId, target, database, settings }) {
    const { runId, earlierRunIds } = probeRuns(claim, claim.fence);
    const probed = { storageClass: step.storageClass, storeId };
    const known = await findClassProof<ClassProof>(database, plan.target, step.storageClass);
    if (known !== undefined && known.ageMs < settings.classProofMaxAgeMs) {
      const cleared = await clearProbes(target, probed, earlierRunIds);
      if (cleared !== undefined) return wait(cleared.retryMs, cleared.reason);
      return done({ ...known.result, taken: 'an earlier proof' });
    }
    if (await isProvedElsewhere(database, claim, plan.target, step.storageClass)) {
      return wait(
        300,
        `the proof of class ${step.storageClass} that another migration has under way`,
      );
    }
    const { moverImage } = plan.options;
    const request = {
      ...probed,
      runId,
      earlierRunIds,
      patternBytes: settings.probeBytes,
      ...(moverImage === undefined ? {} : { moverImage }),
    };
    const until = performance.now() + settings.patienceMs;
    for (;;) {
      const progress = await advanceProbe(target, request, states.get(claim));
      if (progress.probe === 'done') {
        return done({ ...progress.proof }, tx =>
          putClassProof(tx, plan.target, step.storageClass, progress.proof),
        );
      }
      states.set(claim, progress.state);
      if (progress.retryMs > 0 || performance.now() > until)
        return attend(progress.retryMs, progress.reason);
    }
  },
};

/** One probe of a class at a time: the first to claim it runs, the others take its result. */
async function isProvedElsewhere(
  database: Database,
  claim: Claim,
  target: string,
  storageClass: string,
): Promise<boolean> {
  const [row] = await database.query<{ elsewhere: boolean }>(
    `select exists (
       select 1 from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
         join vm_migrate.step own on own.migration_id = $1 and own.step_id = $2
        where s.kind = 'proveClass' and s.state = 'running' and s.lease_until > now() and s.storage_class = $4 and m.target_name = $3
          and (s.started_at, s.migration_id) < (own.started_at, own.migration_id)) as elsewhere`,
    [claim.migrationId, claim.stepId, target, storageClass],
  );
  return row?.elsewhere === true;
}

/** How far the probe of a claim is. A new claim starts it over, and clears what the earlier ones left. */
const states = new WeakMap<Claim, ProbeState>();

/**
 * Names of the probes that the claims of a step made, the present one's and the earlier ones'. Each
 * claim has its own: a worker that slept longer than its lease must not write on another's volume.
 */
export function probeRuns(
  { migrationId, stepId }: StepKey,
  fence: number,
): { readonly runId: string; readonly earlierRunIds: readonly string[] } {
  const nameOf = (claim: number) =>
    createHash('sha256').update(`${migrationId}/${stepId}/${claim}`).digest('hex').slice(0, 10);
  return {
    runId: nameOf(fence),
    earlierRunIds: Array.from({ length: Math.max(0, fence - 1) }, (_, index) => nameOf(index + 1)),
  };
}
