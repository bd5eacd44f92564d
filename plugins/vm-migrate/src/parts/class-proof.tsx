/** What shows that a storage class takes snapshots: what the target says, and what the probe saw. */
import type { TargetClassView } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { RiCheckLine, RiErrorWarningLine, RiQuestionLine } from '@remixicon/react';
import { Age } from './age';
import { EngineText } from './engine-text';
import { bytesText, rateText } from './format';
import { useControlWords } from './use-control-words';
import { useWords } from './use-words';
import styles from './class-proof.module.css';

const MARKS = {
  passed: <RiCheckLine aria-hidden />,
  failed: <RiErrorWarningLine aria-hidden />,
  none: <RiQuestionLine aria-hidden />,
} as const;

export function ClassProof({ storageClass }: { readonly storageClass: TargetClassView }) {
  const { t, language } = useWords();
  const inOurWords = useControlWords();
  const { name, snapshots, proof, freeBytes, maxSnapshotsPerVolume, notes } = storageClass;
  const facts = [
    snapshots.how === 'none' ? undefined : t(`classProof.how.${snapshots.how}`),
    proof.writeBytesPerSecond === null
      ? undefined
      : t('classProof.rate', { rate: rateText(proof.writeBytesPerSecond, language) }),
    freeBytes === null
      ? undefined
      : t('classProof.free', { bytes: bytesText(freeBytes, language) }),
    maxSnapshotsPerVolume === null
      ? undefined
      : t('classProof.most', { count: maxSnapshotsPerVolume }),
    proof.snapshotsOutliveVolume === false ? t('classProof.notOutlive') : undefined,
  ].filter(fact => fact !== undefined);
  return (
    <div className={styles['proof']} data-outcome={proof.outcome}>
      {MARKS[proof.outcome]}
      <div className={styles['body']}>
        <span>
          <b>{name}</b> {t(`classProof.${proof.outcome}`)}{' '}
          {proof.at !== null && <Age at={proof.at} />}
        </span>
        {facts.length > 0 && <span className={styles['quiet']}>{facts.join(' · ')}</span>}
        {snapshots.reason !== null && <EngineText>{snapshots.reason}</EngineText>}
        {proof.error !== null && (
          <span>
            <code>{proof.error.code}</code>{' '}
            <EngineText>
              {[proof.error.message, inOurWords(proof.error.hint ?? '')].join(' ').trim()}
            </EngineText>
          </span>
        )}
        {notes.map(note => (
          <span key={note} className={styles['quiet']}>
            <EngineText>{note}</EngineText>
          </span>
        ))}
      </div>
    </div>
  );
}
