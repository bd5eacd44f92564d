/** How far something is, as a bar and in words. */
import type { ProgressView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { bytesText, durationText, percentOf, rateText } from './format';
import styles from './parts.module.css';
import { useWords } from './use-words';

export interface ProgressBarProps {
  /** Of what, for a screen reader. */
  readonly label: string;
  readonly progress: ProgressView;
  /** Bytes, rate and time left: beside the bar, or under it where there is no room. */
  readonly details?: 'bytes' | 'under' | 'none';
}

export function ProgressBar({ label, progress, details = 'bytes' }: ProgressBarProps) {
  const { t, language } = useWords();
  const { bytesDone, bytesTotal, bytesPerSecond, etaMs } = progress;
  const percent = percentOf(bytesDone, bytesTotal);
  const words = [
    t('progress.bytes', {
      done: bytesText(bytesDone, language),
      total: bytesText(bytesTotal, language),
    }),
    bytesPerSecond > 0 ? rateText(bytesPerSecond, language) : undefined,
    etaMs === null || percent === 100
      ? undefined
      : t('progress.left', { time: durationText(etaMs) }),
  ].filter(word => word !== undefined);
  return (
    <div className={styles['progress']}>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent} %, ${words.join(', ')}`}
        className={styles['track']}
      >
        <div className={styles['bar']} style={{ inlineSize: `${percent}%` }} />
      </div>
      <span className={styles['percent']}>{percent} %</span>
      {details !== 'none' && (
        <span className={styles['quiet']} data-details={details}>
          {words.join(' · ')}
        </span>
      )}
    </div>
  );
}
