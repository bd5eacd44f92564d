/** The history as bars, newest first: as high as each snapshot is dear, filled where it is kept. */
import type { PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import styles from './new-migration.module.css';

export interface CostStripProps {
  readonly snapshots: PlanView['snapshots'];
  readonly kept: ReadonlySet<string>;
}

/** Gaps between more than these would be wider than a narrow window. */
const MOST_APART = 100;

/** The list below says the same in figures: this one is for the eye alone. */
export function CostStrip({ snapshots, kept }: CostStripProps) {
  const most = Math.max(1, ...snapshots.map(({ costBytes = 0 }) => costBytes));
  return (
    <div
      className={styles['strip']}
      data-dense={snapshots.length > MOST_APART || undefined}
      aria-hidden
    >
      {snapshots.map(({ id, name, costBytes = 0 }) => (
        <span
          key={id}
          title={name}
          data-kept={kept.has(id)}
          style={{ blockSize: `${Math.max(4, (costBytes / most) * 100)}%` }}
        />
      ))}
    </div>
  );
}
