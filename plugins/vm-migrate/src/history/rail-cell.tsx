/** The rails of one row: lines that pass by, the line that comes in, and the point's mark. */
import styles from './history.module.css';
import type { HistoryPoint, RailRow } from './rails';

/** How a point is marked; words beside it say the same. */
export type RailMark = 'open' | 'done' | 'merged' | 'current' | 'failed';

export interface RailSize {
  /** Between two lanes. */
  readonly lanePx: number;
  readonly widthPx: number;
}

const MOST_PX = 176;

/** Many forks inside forks draw closer together instead of pushing the words aside. */
export function railSize(lanes: number, mostPx = MOST_PX): RailSize {
  const lanePx = Math.max(5, Math.min(18, mostPx / Math.max(1, lanes)));
  return { lanePx, widthPx: Math.ceil(lanePx * lanes + 6) };
}

export interface RailCellProps {
  readonly rail: Pick<RailRow<HistoryPoint>, 'lane' | 'from' | 'goesOn'>;
  readonly size: RailSize;
  /** Absent: a row below the point, where its lane only passes. */
  readonly mark?: RailMark;
  /** Where the point is, from the top. */
  readonly markPx?: number;
}

export function RailCell({ rail, size, mark, markPx = 0 }: RailCellProps) {
  const { lane, from, goesOn } = rail;
  const at = (lane: number): number => 3 + size.lanePx * (lane + 0.5);
  const x = at(lane);
  const beside = at(lane - 1);
  return (
    <span className={styles['rail']} style={{ inlineSize: size.widthPx }} aria-hidden="true">
      <svg width={size.widthPx} height="100%">
        {Array.from({ length: lane }, (_, passing) => (
          <line key={passing} x1={at(passing)} x2={at(passing)} y1="0" y2="100%" />
        ))}
        {mark === undefined ? (
          goesOn && <line x1={x} x2={x} y1="0" y2="100%" />
        ) : (
          <>
            {from === 'above' && <line x1={x} x2={x} y1="0" y2={markPx} />}
            {from === 'fork' && <path d={`M ${beside} 0 Q ${beside} ${markPx}, ${x} ${markPx}`} />}
            {goesOn && <line x1={x} x2={x} y1={markPx} y2="100%" />}
            <Mark kind={mark} x={x} y={markPx} />
          </>
        )}
      </svg>
    </span>
  );
}

function Mark({ kind, x, y }: { readonly kind: RailMark; readonly x: number; readonly y: number }) {
  const radius = 5;
  switch (kind) {
    case 'open':
    case 'done':
      return <circle className={styles['mark']} data-mark={kind} cx={x} cy={y} r={radius} />;
    case 'merged':
      return <circle className={styles['mark']} data-mark={kind} cx={x} cy={y} r={3.5} />;
    case 'current':
      return (
        <>
          <circle className={styles['mark']} data-mark={kind} cx={x} cy={y} r={radius + 1.5} />
          <circle className={styles['dot']} cx={x} cy={y} r={2.75} />
        </>
      );
    case 'failed':
      return (
        <path
          className={styles['mark']}
          data-mark={kind}
          d={`M ${x} ${y - radius - 1} l ${radius + 1} ${radius + 1} l ${-radius - 1} ${radius + 1} l ${-radius - 1} ${-radius - 1} z`}
        />
      );
  }
}
