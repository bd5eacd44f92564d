import { MIB } from '../../bytes';

/** What the smallest migration asks of a namespace (targets/kubernetes/pods/pod-spec.ts and tables-claim.ts). */
export const MOVER_NEEDS = {
  requestedMemoryBytes: 128 * MIB,
  memoryLimitBytes: 256 * MIB,
  /** Tables of the smallest volume. */
  tablesBytes: 64 * MIB,
  /** The smallest volume with its tables. */
  storageBytes: 128 * MIB,
} as const;
