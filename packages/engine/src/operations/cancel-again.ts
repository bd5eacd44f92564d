/** What to do about a cancel that did not come to its end. */
import type { MigrationRow } from '../store/store';

/** With the choice that was made: a cancel needs one. */
export function canceledAgain({ id, cancelChoice }: MigrationRow): string {
  return `When that stopped halfway, ask again: kubectl vm-migrate cancel ${id} --${cancelChoice ?? 'keep-all'}`;
}
