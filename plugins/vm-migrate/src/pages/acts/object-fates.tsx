/**
 * The volumes and VolumeSnapshots of migrations that are about to be given up, by name, and what the
 * marked choice makes of each; of several migrations each on its own.
 */
import { Button } from '@backstage/ui';
import {
  fateOf,
  printable,
  type ApiError,
  type CancelChoice,
  type MigrationView,
  type ObjectView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiArchiveLine, RiDeleteBinLine } from '@remixicon/react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Answer } from '../../parts/answer';
import { SourceText } from '../../parts/source-text';
import { StateTag } from '../../parts/state-tag';
import { useWords } from '../../parts/use-words';
import styles from './object-fates.module.css';

/** So many names of a list are shown until a person asks for the rest. */
const SHOWN_OF_ONE = 12;
const SHOWN_OF_SEVERAL = 4;

const FATES = ['removed', 'kept'] as const;
type Fate = (typeof FATES)[number];

export interface ObjectFatesProps {
  readonly migrations: readonly MigrationView[];
  readonly query: Pick<UseQueryResult<ObjectView[], ApiError>, 'data' | 'error' | 'refetch'>;
  readonly choice: CancelChoice;
}

export function ObjectFates({ migrations, query, choice }: ObjectFatesProps) {
  const { t } = useWords();
  const shown = migrations.length === 1 ? SHOWN_OF_ONE : SHOWN_OF_SEVERAL;
  return (
    <Answer query={query} lines={3}>
      {objects => {
        const byMigration = Map.groupBy(objects, ({ migration }) => migration);
        return (
          <div className={styles['fates']}>
            {/* Said again whenever another choice is marked. */}
            <p role="status" className={styles['sum']}>
              <Sum objects={objects} choice={choice} />
            </p>
            <div
              role="group"
              aria-label={t('acts.objects.names')}
              // It scrolls, and need not hold anything that takes the focus.
              tabIndex={0}
              className={styles['scroller']}
            >
              {migrations.map(migration => (
                <section
                  key={migration.id}
                  aria-label={printable(migration.vm)}
                  className={styles['one']}
                >
                  <p className={styles['whose']}>
                    <strong>
                      <SourceText>{migration.vm}</SourceText>
                    </strong>
                    <span className={styles['id']}>{migration.id}</span>
                    <StateTag state={migration.state} />
                  </p>
                  <Names
                    objects={byMigration.get(migration.id) ?? []}
                    choice={choice}
                    shown={shown}
                  />
                </section>
              ))}
            </div>
          </div>
        );
      }}
    </Answer>
  );
}

function Sum({
  objects,
  choice,
}: {
  readonly objects: readonly ObjectView[];
  readonly choice: CancelChoice;
}) {
  const { t } = useWords();
  const parts = FATES.flatMap(fate => {
    const ofFate = objects.filter(object => fateOf(object, choice) === fate);
    const counts = (['volume', 'volume-snapshot'] as const).flatMap(kind => {
      const count = ofFate.filter(object => object.kind === kind).length;
      return count === 0 ? [] : [t(`acts.objects.count.${kind}`, { count })];
    });
    return counts.length === 0
      ? []
      : [t(`acts.objects.sum.${fate}`, { what: counts.join(t('acts.objects.and')) })];
  });
  return <>{parts.length === 0 ? t('acts.objects.sum.nothing') : parts.join(' ')}</>;
}

interface NamesProps {
  readonly objects: readonly ObjectView[];
  readonly choice: CancelChoice;
  /** Of each list at first. */
  readonly shown: number;
}

function Names({ objects, choice, shown }: NamesProps) {
  const { t } = useWords();
  const planned = objects.filter(({ state }) => state === 'planned').length;
  return (
    <>
      {FATES.map(fate => {
        const ofFate = objects.filter(object => fateOf(object, choice) === fate);
        return ofFate.length === 0 ? null : (
          <NameList key={fate} fate={fate} objects={ofFate} shown={shown} />
        );
      })}
      {planned > 0 && (
        <p className={styles['quiet']}>{t('acts.objects.neverMade', { count: planned })}</p>
      )}
      {objects.every(object => fateOf(object, choice) === 'none') && planned === 0 && (
        <p className={styles['quiet']}>{t('acts.objects.sum.nothing')}</p>
      )}
    </>
  );
}

function NameList({
  fate,
  objects,
  shown,
}: {
  readonly fate: Fate;
  readonly objects: readonly ObjectView[];
  readonly shown: number;
}) {
  const { t } = useWords();
  const headingId = useId();
  const [isWhole, setWhole] = useState(false);
  // One more than fits is no longer than the words that would stand for it.
  const names = isWhole || objects.length <= shown + 1 ? objects : objects.slice(0, shown);
  const more = objects.length - names.length;
  return (
    <div className={styles['fate']} data-fate={fate}>
      <p id={headingId} className={styles['heading']}>
        {fate === 'removed' ? <RiDeleteBinLine aria-hidden /> : <RiArchiveLine aria-hidden />}
        {t(`acts.objects.fate.${fate}`, { total: String(objects.length) })}
      </p>
      <ul aria-labelledby={headingId} className={styles['names']}>
        {names.map(object => (
          <li key={`${object.kind}/${object.name}`}>
            <code className={styles['name']}>{object.name}</code>{' '}
            <span className={styles['quiet']}>
              {t(`acts.objects.purpose.${object.purpose}`)}
              {object.snapshot !== null && (
                <>
                  {': '}
                  <SourceText>{object.snapshot}</SourceText>
                </>
              )}
              {object.state === 'begun' && ` · ${t('acts.objects.begun')}`}
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && (
        <Button size="small" variant="tertiary" onPress={() => setWhole(true)}>
          {t('acts.objects.more', { count: more })}
        </Button>
      )}
    </div>
  );
}
