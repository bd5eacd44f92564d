/** A table of which only the rows in sight are there. Below its width columns become lines of one cell. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useRef, type ReactNode } from 'react';
import inSight from './rows-in-sight.module.css';
import { useElementWidth, useRootFontPx } from './use-size';
import styles from './virtual-table.module.css';

export interface TableColumn<Row> {
  readonly id: string;
  readonly heading: string;
  /** A width of CSS grid: `8rem`, `1fr`. */
  readonly width: string;
  readonly cell: (row: Row) => ReactNode;
}

export interface VirtualTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly TableColumn<Row>[];
  readonly keyOf: (row: Row) => string | number;
  /** `warning`, `error`...: a row's look, besides the words that say it. */
  readonly toneOf?: (row: Row) => string | undefined;
  /** Below so many rem the cells of a row stand below each other. */
  readonly narrowRem?: number;
  /** How far it is scrolled. */
  readonly onScroll?: (scroll: { readonly topPx: number; readonly leftPx: number }) => void;
}

const ROW_REM = 2.25;

export function VirtualTable<Row>({
  label,
  rows,
  columns,
  keyOf,
  toneOf,
  narrowRem = 42,
  onScroll,
}: VirtualTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const rem = useRootFontPx();
  const width = useElementWidth(scroller);
  const isNarrow = width > 0 && width < narrowRem * rem;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    // A function that is new measures every row anew.
    estimateSize: useCallback(() => ROW_REM * rem * (isNarrow ? 2 : 1), [rem, isNarrow]),
    getItemKey: useCallback(
      (index: number) => {
        const row = rows[index];
        return row === undefined ? index : keyOf(row);
      },
      [rows, keyOf],
    ),
    overscan: 10,
  });
  useEffect(() => virtualizer.measure(), [virtualizer, isNarrow, rem]);
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      className={`${inSight['box']} ${styles['table']}`}
      data-narrow={isNarrow || undefined}
      style={{ ['--columns' as string]: columns.map(column => column.width).join(' ') }}
    >
      <div role="rowgroup" className={`${inSight['head']} ${styles['head']}`}>
        <div role="row" aria-rowindex={1} className={`${inSight['row']} ${styles['row']}`}>
          {columns.map(({ id, heading }) => (
            <span key={id} role="columnheader">
              {heading}
            </span>
          ))}
        </div>
      </div>
      <div
        ref={scroller}
        role="rowgroup"
        // It scrolls, and holds nothing that takes the focus.
        tabIndex={0}
        aria-label={label}
        className={`${inSight['scroller']} ${styles['scroller']}`}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          onScroll?.({ topPx: scrollTop, leftPx: scrollHeight - clientHeight - scrollTop })
        }
      >
        <div
          role="presentation"
          className={inSight['sheet']}
          style={{ blockSize: virtualizer.getTotalSize() }}
        >
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <TableRow
                key={key}
                row={row}
                index={index}
                startPx={start}
                columns={columns}
                tone={toneOf?.(row)}
                measure={virtualizer.measureElement}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface TableRowProps<Row> {
  readonly row: Row;
  readonly index: number;
  readonly startPx: number;
  readonly columns: readonly TableColumn<Row>[];
  readonly tone: string | undefined;
  readonly measure: (row: HTMLElement | null) => void;
}

/** One that stays in sight while the others are scrolled past is not drawn again. */
const TableRow = memo(function TableRow<Row>({
  row,
  index,
  startPx,
  columns,
  tone,
  measure,
}: TableRowProps<Row>) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      data-tone={tone}
      ref={measure}
      className={`${inSight['row']} ${styles['row']}`}
      style={{ transform: `translateY(${startPx}px)` }}
    >
      {columns.map(column => (
        <div key={column.id} role="cell" className={styles['cell']}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}) as <Row>(props: TableRowProps<Row>) => ReactNode;
