/** One row of the history's treegrid, whatever it is about. */
import { RiArrowRightSLine, RiCameraLine, RiRamLine } from '@remixicon/react';
import {
  firstLine,
  printable,
  type TreeNodeView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ReactNode } from 'react';
import { CopyButton } from '../parts/copy-button';
import { Failure } from '../parts/failure';
import { bytesText, dateText } from '../parts/format';
import { Awaited } from '../parts/awaited';
import { EngineText } from '../parts/engine-text';
import { SourceText } from '../parts/source-text';
import { useWords } from '../parts/use-words';
import { diskStateOf, ownBytesOf, pointStateOf, type PointState } from './disk-state';
import type { DiskRow, GridRow, PointRow, WordsRow } from './grid-rows';
import styles from './history.module.css';
import { RailCell, type RailMark, type RailSize } from './rail-cell';
import { Since, StateCell } from './state-cell';

export interface GridRowProps<Row extends GridRow = GridRow> {
  readonly row: Row;
  readonly rails: RailSize;
  /** Middle of the first line of a point's row, where its mark is. */
  readonly markPx: number;
  /** Too narrow for columns of dates and bytes. */
  readonly isNarrow: boolean;
  /** Has the grid's place in the order of Tab. */
  readonly isActive: boolean;
  readonly nameOf: (id: string) => string;
  readonly onToggle: (pointId: string) => void;
}

/** The cells; who lays rows out gives the row itself. */
export function GridCells(props: GridRowProps) {
  const { row } = props;
  switch (row.kind) {
    case 'point':
      return <PointCells {...props} row={row} />;
    case 'disk':
      return <DiskCells {...props} row={row} />;
    case 'words':
      return <WordsCell {...props} row={row} />;
  }
}

function PointCells(props: GridRowProps<PointRow>) {
  const { row, rails, markPx, isNarrow, nameOf, onToggle } = props;
  const { point } = row.rail;
  const { t, language } = useWords();
  const state = pointStateOf(point);
  const isCurrent = point.id === 'current';
  const name = isCurrent ? t('history.here') : point.name;
  const taken = point.createdAt === null ? undefined : dateText(point.createdAt, language);
  const description = firstLine(point.description);
  const words = isCurrent ? t('history.hereMeans') : description;
  return (
    <>
      <div role="gridcell" className={styles['main']}>
        <RailCell rail={row.rail} size={rails} mark={markOf(point, state)} markPx={markPx} />
        <span
          className={styles['toggle']}
          data-open={row.isOpen || undefined}
          data-empty={!row.canOpen || undefined}
          // Enter on the row does it at the keyboard.
          aria-hidden="true"
          onClick={() => onToggle(point.id)}
        >
          <RiArrowRightSLine />
        </span>
        <span className={styles['words']}>
          <span className={styles['nameLine']}>
            <strong
              className={styles['name']}
              data-current={isCurrent || undefined}
              title={printable(name)}
            >
              {name === '' ? t('history.noName') : <SourceText>{name}</SourceText>}
            </strong>
            <OriginWords origin={row.origin} />
            {point.quiesced === true && (
              <Badge icon={<RiCameraLine aria-hidden />} hint={t('history.quiescedMeans')}>
                {t('history.quiesced')}
              </Badge>
            )}
            {point.memory && (
              <Badge icon={<RiRamLine aria-hidden />} hint={t('history.memoryMeans')}>
                {t('history.memory')}
              </Badge>
            )}
          </span>
          {words !== '' && (
            <span
              className={styles['quiet']}
              title={isCurrent ? undefined : printable(point.description)}
            >
              {/* Printable already. */}
              <bdi>{words}</bdi>
            </span>
          )}
          {isNarrow && (
            <span className={styles['quiet']}>
              {[taken, bytesWords(point, language)].filter(word => word !== undefined).join(' · ')}
            </span>
          )}
        </span>
      </div>
      {!isNarrow && (
        <>
          <div role="gridcell" className={styles['figure']}>
            {point.createdAt === null ? (
              <Nothing>{isCurrent ? t('history.now') : t('history.dateUnknown')}</Nothing>
            ) : (
              <time dateTime={point.createdAt} title={point.createdAt}>
                {taken}
              </time>
            )}
          </div>
          <div role="gridcell" className={styles['bytes']}>
            {bytesWords(point, language) ?? <Nothing>{t('history.bytesUnknown')}</Nothing>}
          </div>
        </>
      )}
      <div role="gridcell" className={styles['stateCell']}>
        <StateCell state={state} nameOf={nameOf} />
      </div>
    </>
  );
}

/** What the rails say to the eye. */
function OriginWords({ origin }: { readonly origin: PointRow['origin'] }) {
  const { t } = useWords();
  if (origin === undefined) return null;
  return (
    <span className={styles['hidden']}>
      {origin.is === 'first'
        ? t('history.origin.first')
        : t(`history.origin.${origin.is}`, { name: printable(origin.from.name) })}
    </span>
  );
}

function DiskCells(props: GridRowProps<DiskRow>) {
  const { row, rails, isNarrow, isActive, nameOf } = props;
  const { disk } = row;
  const { t, language } = useWords();
  const cut = disk.volumeSnapshot;
  const tabIndex = isActive ? 0 : -1;
  const bytes =
    disk.dataBytes === null ? undefined : (
      <>
        {bytesText(disk.dataBytes, language)}
        {disk.zeroBytes !== null && disk.zeroBytes > 0 && (
          <span className={styles['quiet']}>
            {t('history.zeros', { bytes: bytesText(disk.zeroBytes, language) })}
          </span>
        )}
      </>
    );
  return (
    <>
      <div role="gridcell" className={styles['main']}>
        <RailCell rail={row.rail} size={rails} />
        <span className={styles['indent']} />
        <span className={styles['words']}>
          <span className={styles['nameLine']}>
            <span className={styles['slot']}>
              <SourceText>{disk.disk}</SourceText>
            </span>
            <span className={styles['file']} title={printable(disk.layerFile)}>
              <SourceText>{disk.layerFile}</SourceText>
            </span>
            <span className={styles['quiet']}>{disk.format}</span>
          </span>
          {cut !== null && (
            <span className={styles['cutLine']}>
              <span className={styles['hidden']}>{t('history.volumeSnapshot')}</span>
              <code className={styles['cutName']} title={cut.name}>
                {cut.name}
              </code>
              <CopyButton
                text={cut.name}
                what={`${t('history.volumeSnapshot')} ${cut.name}`}
                tabIndex={tabIndex}
              />
              {cut.handle !== null && (
                <>
                  <code className={styles['handle']} title={cut.handle}>
                    {cut.handle}
                  </code>
                  <CopyButton
                    text={cut.handle}
                    what={`${t('history.handle')} ${cut.handle}`}
                    tabIndex={tabIndex}
                  />
                </>
              )}
            </span>
          )}
          {isNarrow && bytes !== undefined && <span className={styles['quiet']}>{bytes}</span>}
        </span>
      </div>
      {!isNarrow && (
        <>
          <div role="gridcell" className={styles['figure']}>
            {cut?.readyAt != null && (
              <span className={styles['quiet']}>
                {t('history.readySince')}{' '}
                <time dateTime={cut.readyAt} title={cut.readyAt}>
                  {dateText(cut.readyAt, language)}
                </time>
              </span>
            )}
          </div>
          <div role="gridcell" className={styles['bytes']}>
            {bytes ?? <Nothing>{t('history.bytesUnknown')}</Nothing>}
          </div>
        </>
      )}
      <div role="gridcell" className={styles['stateCell']}>
        <StateCell state={diskStateOf(disk)} nameOf={nameOf} />
      </div>
    </>
  );
}

function WordsCell({ row, rails, isNarrow }: GridRowProps<WordsRow>) {
  return (
    <div role="gridcell" className={styles['wordsCell']} aria-colspan={isNarrow ? 2 : 4}>
      <RailCell rail={row.rail} size={rails} />
      <span className={styles['indent']} />
      <div className={styles['wordsText']}>
        <Words row={row} />
      </div>
    </div>
  );
}

function Words({ row }: { readonly row: WordsRow }) {
  const { t } = useWords();
  const { about } = row;
  if (about === 'description') {
    return (
      <>
        {row.rail.point.description.split(/\r\n|[\n\r\u2028\u2029]/).map((line, at) => (
          <div key={at}>{line.trim() === '' ? '\u00a0' : <SourceText>{line}</SourceText>}</div>
        ))}
      </>
    );
  }
  const {
    disk,
    state: { step, words },
  } = about;
  if (step?.error != null) return <Failure error={step.error} />;
  if (step?.waitsFor == null) return <EngineText>{words}</EngineText>;
  return (
    <>
      {t('history.waitsFor', { disk })} <Awaited>{step.waitsFor}</Awaited>
      {step.waitsSince !== null && (
        <>
          {' · '}
          <Since at={step.waitsSince} />
        </>
      )}
    </>
  );
}

function Badge({
  icon,
  hint,
  children,
}: {
  readonly icon: ReactNode;
  readonly hint: string;
  readonly children: ReactNode;
}) {
  return (
    <span className={styles['badge']} title={hint}>
      {icon}
      <span className={styles['badgeWords']}>{children}</span>
    </span>
  );
}

/** A dash for the eye, words for a screen reader. */
function Nothing({ children }: { readonly children: string }) {
  return (
    <span title={children}>
      <span aria-hidden="true">–</span>
      <span className={styles['hidden']}>{children}</span>
    </span>
  );
}

function bytesWords({ disks }: TreeNodeView, language: string | undefined): string | undefined {
  const own = ownBytesOf(disks);
  return own === null ? undefined : bytesText(own.data + own.zero, language);
}

/** It can be restored from, whatever is done to it besides. */
const IS_RESTORABLE: ReadonlySet<PointState['stage']> = new Set(['ready', 'proved', 'verifying']);

function markOf(point: TreeNodeView, state: PointState): RailMark {
  if (state.stage === 'failed') return 'failed';
  if (point.id === 'current') return 'current';
  if (!point.kept) return 'merged';
  return IS_RESTORABLE.has(state.stage) ? 'done' : 'open';
}
