/** What a migration waits for, why, and for how long: the question of everybody who looks at it. */
import type { StatusView, StepView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiTimeLine } from '@remixicon/react';
import { durationText } from '../../parts/format';
import { useNow } from '../../parts/age';
import { Awaited } from '../../parts/awaited';
import { EngineText } from '../../parts/engine-text';
import { useWords } from '../../parts/use-words';
import styles from './migration.module.css';

const SHOWN = 4;

export function Waits({ migration }: { readonly migration: StatusView }) {
  const { t } = useWords();
  const now = useNow();
  const waits = waitsOf(migration);
  if (waits.length === 0) return null;
  return (
    <section className={styles['waits']} aria-label={t('migration.waits.title')}>
      <h3 className={styles['waitsTitle']}>
        <RiTimeLine aria-hidden />
        {t('migration.waits.title')}
      </h3>
      <ul className={styles['waitsList']}>
        {waits.slice(0, SHOWN).map(({ id, words, waitsFor, waitsSince }) => (
          <li key={id}>
            <span className={styles['waitsFor']}>
              {t('migration.waits.for')} <Awaited>{waitsFor ?? ''}</Awaited>
              {waitsSince !== null && (
                <span className={styles['since']}>
                  {t('history.since', { time: durationText(now - Date.parse(waitsSince)) })}
                </span>
              )}
            </span>
            <span className={styles['quiet']}>
              <EngineText>{words}</EngineText>
            </span>
          </li>
        ))}
        {waits.length > SHOWN && (
          <li className={styles['quiet']}>
            {t('migration.more', { count: waits.length - SHOWN })}
          </li>
        )}
      </ul>
    </section>
  );
}

/** Longest first. While it is paused everything waits for that alone, which its state says already. */
function waitsOf({ now, disks, wanted }: StatusView): readonly StepView[] {
  if (wanted === 'pause') return [];
  return [...now, ...disks.flatMap(disk => disk.now)]
    .filter(({ waitsFor }) => waitsFor !== null)
    .toSorted((a, b) => sinceAt(a) - sinceAt(b));
}

function sinceAt({ waitsSince }: StepView): number {
  return waitsSince === null ? Number.MAX_SAFE_INTEGER : Date.parse(waitsSince);
}
