/** The lines of one row of a history: those that pass by, the one that comes in, and the point. */
import type { HistoryPoint, RailRow } from '../../history/rails';
import styles from './new-migration.module.css';

const LANE_PX = 16;
const HEIGHT_PX = 52;
const AT_PX = 26;

export interface RailProps {
  readonly row: RailRow<HistoryPoint>;
  /** Of the whole drawing: all rows are as wide. */
  readonly lanes: number;
  readonly mark: 'kept' | 'merged' | 'current';
}

export function Rail({ row: { lane, from, goesOn }, lanes, mark }: RailProps) {
  const x = LANE_PX * (lane + 0.5);
  return (
    <svg
      className={styles['rail']}
      width={LANE_PX * lanes}
      viewBox={`0 0 ${LANE_PX * lanes} ${HEIGHT_PX}`}
      preserveAspectRatio="none"
      aria-hidden
    >
      {Array.from({ length: lane }, (_, left) => (
        <path key={left} d={`M ${LANE_PX * (left + 0.5)} 0 V ${HEIGHT_PX}`} />
      ))}
      {from === 'above' && <path d={`M ${x} 0 V ${AT_PX}`} />}
      {from === 'fork' && (
        <path d={`M ${x - LANE_PX} 0 C ${x - LANE_PX} ${AT_PX}, ${x} 0, ${x} ${AT_PX}`} />
      )}
      {goesOn && <path d={`M ${x} ${AT_PX} V ${HEIGHT_PX}`} />}
      <circle cx={x} cy={AT_PX} r={mark === 'merged' ? 3.5 : 5} data-mark={mark} />
    </svg>
  );
}
