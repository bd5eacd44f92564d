/**
 * A VM's history as a treegrid: one row a point, its disks below it when it is open. Only the rows in
 * sight are there, so that 20,000 layers scroll as six do; the one with the focus always is.
 * Its keys are in grid-keys.ts.
 */
import type { TreeNodeView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import {
  memo,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from 'react';
import inSight from '../parts/rows-in-sight.module.css';
import { useElementWidth, useRootFontPx } from '../parts/use-size';
import { useWords } from '../parts/use-words';
import { actOf } from './grid-keys';
import { GridCells, type GridRowProps } from './grid-row';
import { gridRows } from './grid-rows';
import styles from './history.module.css';
import { railSize } from './rail-cell';
import { railRows } from './rails';

/** What is around the grid may bring a point into sight. */
export interface HistoryGridHandle {
  readonly show: (pointId: string) => void;
}

export interface HistoryGridProps {
  readonly points: readonly TreeNodeView[];
  /** What the grid is, for a screen reader. */
  readonly label: string;
  /** Ids of points whose disks are shown. */
  readonly open: ReadonlySet<string>;
  readonly onOpen: (open: ReadonlySet<string>) => void;
  readonly handle?: Ref<HistoryGridHandle>;
}

/** `narrow`: dates and bytes go below the name; `tiny`: the state does, too. */
type Layout = 'wide' | 'narrow' | 'tiny';

const NARROW_REM = 46;
const TINY_REM = 25;
/** Heights by kind, in rem; a row of words is measured. */
const HEIGHT_REM = {
  wide: { point: 3.25, disk: 3, words: 2 },
  narrow: { point: 4.5, disk: 4.25, words: 3 },
  tiny: { point: 7.25, disk: 7.25, words: 3 },
} as const;
/** More rails than fit into that draw closer together. */
const RAILS_PX = { wide: undefined, narrow: undefined, tiny: 64 } as const;
const MARK_REM = 1.1;
const OVERSCAN = 6;

export function HistoryGrid({ points, label, open, onOpen, handle }: HistoryGridProps) {
  const { t } = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const rem = useRootFontPx();
  const width = useElementWidth(scroller);
  const layout = layoutOf(width / rem);
  const isNarrow = layout !== 'wide';
  const heights = HEIGHT_REM[layout];

  const rails = useMemo(() => railRows(points, 'current'), [points]);
  const rows = useMemo(() => gridRows(rails, open), [rails, open]);
  const size = useMemo(
    () => railSize(rails.reduce((most, { lane }) => Math.max(most, lane), 0) + 1, RAILS_PX[layout]),
    [rails, layout],
  );
  const nameOf = useMemo(() => {
    const names = new Map(points.map(({ id, name }) => [id, name]));
    return (id: string) => names.get(id) ?? id;
  }, [points]);

  const [activeKey, setActiveKey] = useState<string>();
  const active = useMemo(
    () =>
      activeKey === undefined
        ? 0
        : Math.max(
            0,
            rows.findIndex(({ key }) => key === activeKey),
          ),
    [rows, activeKey],
  );

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    // A function that is new measures every row anew: these are, only when the rows are.
    estimateSize: useCallback(
      (index: number) => heights[rows[index]?.kind ?? 'point'] * rem,
      [rows, heights, rem],
    ),
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    overscan: OVERSCAN,
    rangeExtractor: useCallback(
      (range: Range) => withActive(defaultRangeExtractor(range), active, range.count),
      [active],
    ),
  });
  useEffect(() => virtualizer.measure(), [virtualizer, heights, rem]);

  const toFocus = useRef<string>();
  const focusRow = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    toFocus.current = row.key;
    setActiveKey(row.key);
    virtualizer.scrollToIndex(rows.indexOf(row), { align: 'auto' });
    focusWhenThere(scroller.current, toFocus);
  };
  useEffect(() => focusWhenThere(scroller.current, toFocus));

  useImperativeHandle(handle, () => ({
    show: pointId => {
      const index = rows.findIndex(row => row.kind === 'point' && row.rail.point.id === pointId);
      if (index === -1) return;
      virtualizer.scrollToIndex(index, { align: 'center' });
      focusRow(index);
    },
  }));

  const toggle = useCallback(
    (pointId: string) => {
      const next = new Set(open);
      if (!next.delete(pointId)) next.add(pointId);
      onOpen(next);
    },
    [open, onOpen],
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    // Keys inside of a row, on a button, are that button's.
    const onRow = event.target instanceof Element && event.target.getAttribute('role') === 'row';
    const act = onRow
      ? actOf(event, rows, active, visibleCount(scroller.current, heights.point * rem))
      : undefined;
    if (act === undefined) return;
    event.preventDefault();
    if ('toggle' in act) toggle(act.toggle);
    else focusRow(act.focus);
  };

  return (
    <div
      role="treegrid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={isNarrow ? 2 : 4}
      className={`${inSight['box']} ${styles['grid']}`}
      data-layout={layout}
      style={{ ['--rails' as string]: `${size.widthPx}px` }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={inSight['head']}>
        <div role="row" aria-rowindex={1} className={inSight['row']}>
          <span role="columnheader" className={styles['pointHead']}>
            {t('history.column.point')}
          </span>
          {!isNarrow && (
            <>
              <span role="columnheader">{t('history.column.taken')}</span>
              <span role="columnheader" className={styles['bytesHead']}>
                {t('history.column.bytes')}
              </span>
            </>
          )}
          <span role="columnheader">{t('history.column.state')}</span>
        </div>
      </div>
      <div
        role="rowgroup"
        ref={scroller}
        className={`${inSight['scroller']} ${styles['scroller']}`}
      >
        <div
          role="presentation"
          className={inSight['sheet']}
          style={{ blockSize: virtualizer.getTotalSize() }}
        >
          {virtualizer.getVirtualItems().map(({ index, key, start, size: rowPx }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <GridRowBox
                key={key}
                index={index}
                startPx={start}
                rowPx={row.kind === 'words' ? undefined : rowPx}
                measure={virtualizer.measureElement}
                onActive={setActiveKey}
                row={row}
                rails={size}
                markPx={MARK_REM * rem}
                isNarrow={isNarrow}
                isActive={index === active}
                nameOf={nameOf}
                onToggle={toggle}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Not measured yet: as wide as it may be. */
function layoutOf(widthRem: number): Layout {
  if (widthRem === 0 || widthRem >= NARROW_REM) return 'wide';
  return widthRem >= TINY_REM ? 'narrow' : 'tiny';
}

interface GridRowBoxProps extends GridRowProps {
  readonly index: number;
  readonly startPx: number;
  /** Undefined: it is as high as its words, and is measured. */
  readonly rowPx: number | undefined;
  readonly measure: (row: HTMLElement | null) => void;
  readonly onActive: (key: string) => void;
}

/** A row in its place. One that stays in sight while the others are scrolled past is not drawn again. */
const GridRowBox = memo(function GridRowBox({
  index,
  startPx,
  rowPx,
  measure,
  onActive,
  ...cells
}: GridRowBoxProps) {
  const { row, isActive } = cells;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.setSize}
      aria-expanded={row.kind === 'point' && row.canOpen ? row.isOpen : undefined}
      data-kind={row.kind}
      data-key={row.key}
      data-index={index}
      data-lane={row.rail.lane}
      data-current={row.rail.point.id === 'current' || undefined}
      tabIndex={isActive ? 0 : -1}
      ref={rowPx === undefined ? measure : undefined}
      className={inSight['row']}
      style={{
        transform: `translateY(${startPx}px)`,
        ...(rowPx === undefined ? {} : { blockSize: rowPx }),
      }}
      onFocus={() => onActive(row.key)}
    >
      <GridCells {...cells} />
    </div>
  );
});

function visibleCount(scroller: HTMLElement | null, rowPx: number): number {
  return Math.max(1, Math.floor((scroller?.clientHeight ?? 0) / rowPx) - 1);
}

function withActive(indexes: number[], active: number, count: number): number[] {
  if (active >= count || indexes.includes(active)) return indexes;
  return [...indexes, active].sort((a, b) => a - b);
}

/** A row that has just come into sight takes the focus that was meant for it. */
function focusWhenThere(
  scroller: HTMLElement | null,
  wanted: { current: string | undefined },
): void {
  if (wanted.current === undefined || scroller === null) return;
  for (const row of scroller.querySelectorAll<HTMLElement>('[role="row"]')) {
    if (row.dataset['key'] !== wanted.current) continue;
    wanted.current = undefined;
    row.focus({ preventScroll: true });
    return;
  }
}
