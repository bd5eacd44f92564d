/** Certificates and tokens go by the clock. */
import { ok, type DoctorCheck } from '../check';
import type { ClusterCheck } from './cluster-check';

const SKEW_MS = 5_000;

export const checkApiClock: ClusterCheck = async ({ name, server: { aheadMs } }) => {
  const title = `cluster clock ${name}`;
  if (aheadMs === undefined) return [];
  if (Math.abs(aheadMs) < SKEW_MS) return [ok(title, 'the same as here')];
  const check: DoctorCheck = {
    name: title,
    state: 'warning',
    found: `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`,
    remedy:
      'Set the clock that is wrong (NTP): tokens and certificates are refused early or late, and times in reports are odd.',
    command: 'timedatectl',
  };
  return [check];
};
