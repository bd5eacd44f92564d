/** A plan in figures. */
import type { PlanView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import type { ReactNode } from 'react';
import { bytesText, durationText } from './format';
import styles from './plan-figures.module.css';
import { useWords } from './use-words';

/** What is kept, copied and made, how long that takes, and the room that it needs. */
export function PlanFigures({ plan }: { readonly plan: PlanView }) {
  return (
    <>
      <Figures plan={plan} />
      <Space plan={plan} />
    </>
  );
}

function Figures({ plan: { totals, snapshots, steps } }: { readonly plan: PlanView }) {
  const { t, language } = useWords();
  const kept = snapshots.filter(snapshot => snapshot.kept).length;
  const { layers, volumes, volumeSnapshots, dataBytes, zeroBytes, estimateMs } = totals;
  return (
    <dl className={styles['list']}>
      <Figure name={t('plan.keeps')}>
        {t('plan.keepsOf', { kept: String(kept), total: String(snapshots.length) })}
      </Figure>
      <Figure name={t('plan.copies')} more={t('plan.fromLayers', { count: layers })}>
        {bytesText(dataBytes, language)}
        {zeroBytes > 0 && (
          <span className={styles['quiet']}>
            {' '}
            {t('plan.zeros', { bytes: bytesText(zeroBytes, language) })}
          </span>
        )}
      </Figure>
      <Figure name={t('plan.makes')} more={t('plan.inSteps', { count: steps.length })}>
        {t('plan.volumes', { count: volumes })}, {t('plan.cuts', { count: volumeSnapshots })}
      </Figure>
      <Figure name={t('plan.takes')} more={estimateMs?.basis}>
        {estimateMs === undefined
          ? t('plan.noEstimate')
          : t('plan.between', {
              low: durationText(estimateMs.low),
              high: durationText(estimateMs.high),
            })}
      </Figure>
    </dl>
  );
}

function Figure({
  name,
  children,
  more,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly more?: string | undefined;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {more !== undefined && <div className={styles['quiet']}>{more}</div>}
      </dd>
    </div>
  );
}

function Space({ plan }: { readonly plan: PlanView }) {
  const { t, language } = useWords();
  return (
    <ul className={styles['space']} aria-label={t('plan.space')}>
      {plan.totals.space.map(({ storageClass, neededBytes, freeBytes }) => {
        const isShort = freeBytes !== undefined && neededBytes > freeBytes;
        return (
          <li key={storageClass} data-short={isShort}>
            {freeBytes === undefined
              ? t('plan.needs', { name: storageClass, bytes: bytesText(neededBytes, language) })
              : t('plan.needsOf', {
                  name: storageClass,
                  bytes: bytesText(neededBytes, language),
                  free: bytesText(freeBytes, language),
                })}
            {isShort && <b> {t('plan.short')}</b>}
          </li>
        );
      })}
    </ul>
  );
}
