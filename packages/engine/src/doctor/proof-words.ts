import type { ClassProofRow } from '../store/places';
import type { ClassProof } from '../targets/prove-class';

/** What the probe of a storage class showed, and when. */
export function proofWords(proof: ClassProofRow<ClassProof> | undefined): string {
  if (proof === undefined)
    return 'not proved yet: the first migration to it does that before it writes, or doctor --probe now';
  const { snapshotsOutliveVolume, writeBytesPerSecond } = proof.result;
  const rate = `${Math.round(writeBytesPerSecond / 1024 ** 2)} MiB/s written by the probe`;
  return `proved ${agoWords(proof.ageMs)}: ${snapshotsOutliveVolume ? 'snapshots outlive their volume' : 'snapshots go with their volume'}, ${rate}`;
}

function agoWords(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours < 1) return `${Math.max(1, Math.round(ms / 60_000))} min ago`;
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
